/* What one text says, from its phrases to the bits of its facts, and the row of those facts: reading.py, compiled.

   automaton.py, phrasebook.py, clauses.py, combinations.py, presumed.py, reading.py and, for rows, extract.py say why; here stands
   only how, step by step in the same order, on sets of bits of a fixed width. tests/test_reading.py holds both to the same answers.
   Nothing is kept between texts but Python numbers of bits met before. Stable ABI of Python 3.11. */
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

_Static_assert(sizeof(wchar_t) == 4, "a character is a code point");

#define WORDS 8    /* 512 bits at most; reading.py reads for itself where a lexicon has more */
#define KEPT 2048  /* numbers of bits kept as Python objects */

typedef struct { uint64_t w[WORDS]; } Bits;
typedef struct { Bits bits; int first, last; } Mask;  /* first to last: the words in which it has any */
typedef struct { int start, end; Bits bits; } Token;
typedef struct { Token *at; int n, room; } Tokens;
typedef struct { int inner, offset; Bits bits; } Hides;
typedef struct { Bits bits; int whole, hidden, first, last; } Phrase;  /* first to last: what it hides */
typedef struct { uint64_t step; int to; } Edge;  /* step: 1 + from, then the character; 0: none here */
typedef struct { int number, start, end, next; } Match;
typedef struct { Mask rarest; Bits result, needs, unless; int gap, ordered, first, last; } Row;  /* first to last: its steps */
typedef struct { int first, last; } Range;
typedef struct { Mask shared; int first, last; } Group;  /* first to last: its rows, which share a step */
typedef struct { Range *stages; int n; Bits worth; } Combinations;  /* a stage: from which group to which */
typedef struct { Bits zone[3]; } Zones;  /* of the whole, the head, the demand */
typedef struct { Mask met; Bits result; Zones met_in, some, none; int has_some, first, last, key, alone, shown, about; } Presumption;
typedef struct { Bits bits; PyObject *number; } Number;
typedef struct { Mask mask; int zone, byte, change, once; } Mark;  /* once: where the byte is 0 still */

enum { ENDS, SENTENCE, NEGATION, DROPPED, DOUBTFUL, REQUEST, NAMED, SHOWN, PREMIUM, OTHER, MASKS };
enum { EVERYWHERE, HEAD, DEMAND, DOUBTED, INSURED, ZONES };
enum { HAD, INSIDE, OUTSIDE, INSURANCE, UMBRELLA, SINGLE, ROW_MASKS };
enum { NEGATION_WINDOW, SPOILING, LAST_SENTENCES, PLACES, LIMITS };

/* All phrases as a tree: automaton.py */
typedef struct {
    PyObject_HEAD
    int phrases;
    Edge *edges;  /* hashed; its root is 0 */
    uint64_t edge_mask;
    int *phrase_at;  /* 1 + the phrase that ends at a place of the tree */
} Tree;

typedef struct {
    PyObject_HEAD
    int words, presumptions, asides, keys;
    int limit[LIMITS];
    Bits mask[MASKS];
    Tree *tree;
    Phrase *phrase;
    Hides *hides;
    Group *groups;
    Row *rows;
    Mask *steps;
    Combinations of_clause, of_sentence;
    Presumption *presumption;
    Zones *every;
    Bits *aside;  /* class and tags in turns */
    Number *number;
    PyObject *from_bytes;
} Core;

/* Reads texts into rows: replay_packing.py */
typedef struct {
    PyObject_HEAD
    Core *core;
    Bits mask[ROW_MASKS];
    Mark *mark;
    int size, marks, sentences, share, area, inside, outside;  /* of a row; its marks; where these facts begin; 县内, 县外 */
} Rows;

/* State of one text. */
typedef struct {
    const Core *core;
    Tokens tokens, sentence, part, found, out;  /* out: what the reading keeps */
    Range *clauses;
    int clause_count, clause_room;
    Bits *sentences;
    int sentence_count, sentence_room;
    Bits everywhere, head, demand, doubtful, premium;
    int about_premium, about_other;
} Text;

/* Bits */

static inline int meet(const Bits *a, const Bits *b) {
    uint64_t any = 0;
    for (int i = 0; i < WORDS; i++) any |= a->w[i] & b->w[i];
    return any != 0;
}

static inline int met_by(const Bits *a, const Mask *mask) {
    uint64_t any = a->w[mask->first] & mask->bits.w[mask->first];
    for (int i = mask->first + 1; i < mask->last; i++) any |= a->w[i] & mask->bits.w[i];
    return any != 0;
}

static inline int some(const Bits *a) {
    uint64_t any = 0;
    for (int i = 0; i < WORDS; i++) any |= a->w[i];
    return any != 0;
}

static inline void add(Bits *a, const Bits *b) {
    for (int i = 0; i < WORDS; i++) a->w[i] |= b->w[i];
}

static inline void drop(Bits *a, const Bits *b) {
    for (int i = 0; i < WORDS; i++) a->w[i] &= ~b->w[i];
}

static inline void keep(Bits *a, const Bits *b) {
    for (int i = 0; i < WORDS; i++) a->w[i] &= b->w[i];
}

/* Growing arrays. Each returns 0, or -1 with MemoryError set. */

static int grow(void **at, int *room, int wanted, size_t size) {
    if (wanted <= *room) return 0;
    int more = *room ? *room * 2 : 64;
    while (more < wanted) more *= 2;
    void *fresh = PyMem_Realloc(*at, (size_t)more * size);
    if (!fresh) { PyErr_NoMemory(); return -1; }
    *at = fresh;
    *room = more;
    return 0;
}

static int push(Tokens *list, const Token *token) {
    if (grow((void **)&list->at, &list->room, list->n + 1, sizeof(Token))) return -1;
    list->at[list->n++] = *token;
    return 0;
}

static int extend(Tokens *list, const Token *from, int n) {
    if (!n) return 0;
    if (grow((void **)&list->at, &list->room, list->n + n, sizeof(Token))) return -1;
    memcpy(list->at + list->n, from, (size_t)n * sizeof(Token));
    list->n += n;
    return 0;
}

/* Phrases in a text: Automaton.find */

static Edge *edge(const Tree *tree, int from, Py_UCS4 character) {
    uint64_t step = (uint64_t)(from + 1) << 21 | character, at = step * 0x9E3779B97F4A7C15u >> 20;
    for (;; at++) {
        Edge *one = tree->edges + (at & tree->edge_mask);
        if (!one->step || one->step == step) return one;
    }
}

/* Find every phrase, ascending by end and by start; return how many, -1 on error. */
static int find(const Tree *tree, const wchar_t *text, int length, Match **matches) {
    int count = 0, room = 0, sorted = 0;
    Match *found = NULL;
    int *first = PyMem_Calloc(2 * ((size_t)length + 1), sizeof(int));  /* by end, 1 + place in found */
    if (!first) { PyErr_NoMemory(); return -1; }
    int *last = first + length + 1;
    for (int start = 0; start < length; start++)
        for (int at = 0, end = start; end < length;) {
            const Edge *one = edge(tree, at, (Py_UCS4)text[end++]);
            if (!one->step) break;
            at = one->to;
            if (!tree->phrase_at[at]) continue;
            if (grow((void **)&found, &room, count + 1, sizeof(Match))) goto failed;
            found[count++] = (Match){tree->phrase_at[at] - 1, start, end, 0};
            if (last[end]) found[last[end] - 1].next = count; else first[end] = count;
            last[end] = count;
        }
    if (!(*matches = PyMem_Malloc(((size_t)count + 1) * sizeof(Match)))) { PyErr_NoMemory(); goto failed; }
    for (int end = 1; end <= length; end++)
        for (int m = first[end]; m; m = found[m - 1].next) (*matches)[sorted++] = found[m - 1];
    PyMem_Free(found);
    PyMem_Free(first);
    return count;
failed:
    PyMem_Free(found);
    PyMem_Free(first);
    return -1;
}

static int Tree_init(PyObject *self, PyObject *args, PyObject *named) {
    Tree *tree = (Tree *)self;
    static char *names[] = {"phrases", NULL};
    PyObject *phrases;
    if (tree->edges) { PyErr_SetString(PyExc_RuntimeError, "made already"); return -1; }
    if (!PyArg_ParseTupleAndKeywords(args, named, "O!", names, &PyList_Type, &phrases)) return -1;
    int count = (int)PyList_Size(phrases), places = 1;
    size_t characters = 0, room = 1024;
    for (int n = 0; n < count; n++) {
        Py_ssize_t length = PyUnicode_GetLength(PyList_GetItem(phrases, n));
        if (length < 0) return -1;
        characters += (size_t)length;
    }
    while (room < 2 * characters) room *= 2;
    tree->edge_mask = room - 1;
    tree->edges = PyMem_Calloc(room, sizeof(Edge));
    tree->phrase_at = PyMem_Calloc(characters + 1, sizeof(int));
    if (!tree->edges || !tree->phrase_at) { PyErr_NoMemory(); return -1; }
    for (int n = 0; n < count; n++) {
        PyObject *string = PyList_GetItem(phrases, n);
        int at = 0, length = (int)PyUnicode_GetLength(string);
        for (int i = 0; i < length; i++) {
            Py_UCS4 character = PyUnicode_ReadChar(string, i);
            Edge *one = edge(tree, at, character);
            if (!one->step) *one = (Edge){(uint64_t)(at + 1) << 21 | character, places++};
            at = one->to;
        }
        tree->phrase_at[at] = n + 1;
    }
    tree->phrases = count;
    return 0;
}

static PyObject *Tree_find(PyObject *self, PyObject *string) {
    const Tree *tree = (const Tree *)self;
    Match *matches = NULL;
    PyObject *list = NULL;
    Py_ssize_t length = PyUnicode_GetLength(string);
    if (length < 0) return NULL;
    if (!tree->edges) return PyList_New(0);
    wchar_t *text = PyMem_Malloc(((size_t)length + 1) * sizeof(wchar_t));
    if (!text) return PyErr_NoMemory();
    int count = PyUnicode_AsWideChar(string, text, length) < 0 ? -1 : find(tree, text, (int)length, &matches);
    PyMem_Free(text);
    if (count >= 0) list = PyList_New(count);
    for (int n = 0; list && n < count; n++) {
        PyObject *made = Py_BuildValue("iii", matches[n].number, matches[n].start, matches[n].end);
        if (!made) { Py_CLEAR(list); break; }
        PyList_SetItem(list, n, made);
    }
    PyMem_Free(matches);
    return list;
}

static void Tree_dealloc(PyObject *self) {
    Tree *tree = (Tree *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(tree->edges);
    PyMem_Free(tree->phrase_at);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* Those of them that count: Phrasebook.tokens */

typedef struct { int next, inner; const Bits *bits; } Gone;

static int phrases_that_count(Text *t, const wchar_t *text, int length) {
    const Core *c = t->core;
    Match *matches = NULL;
    int n = find(c->tree, text, length, &matches);
    if (n < 0) return -1;
    int gone_count = 0, gone_room = 0, whole_count = 0, whole_room = 0, status = -1;
    Gone *gone = NULL;
    Range *wholes = NULL;
    int *last_gone = PyMem_Calloc((size_t)length + 1, sizeof(int));  /* by start, 1 + place in gone */
    if (!last_gone) { PyErr_NoMemory(); goto done; }
    if (grow((void **)&t->tokens.at, &t->tokens.room, n, sizeof(Token))) goto done;
    for (int i = 0; i < n; i++) {
        const Phrase *phrase = c->phrase + matches[i].number;
        if (phrase->whole) {
            if (grow((void **)&wholes, &whole_room, whole_count + 1, sizeof(Range))) goto done;
            wholes[whole_count++] = (Range){matches[i].start, matches[i].end};
        }
        for (int h = phrase->first; h < phrase->last; h++) {
            int place = matches[i].start + c->hides[h].offset;
            if (grow((void **)&gone, &gone_room, gone_count + 1, sizeof(Gone))) goto done;
            gone[gone_count] = (Gone){last_gone[place], c->hides[h].inner, &c->hides[h].bits};
            last_gone[place] = ++gone_count;
        }
    }
    int kept = 0;
    for (int i = 0; i < n; i++) {
        const Phrase *phrase = c->phrase + matches[i].number;
        Token token = {matches[i].start, matches[i].end, phrase->bits};
        if (phrase->hidden)
            for (int g = last_gone[token.start]; g; g = gone[g - 1].next)
                if (gone[g - 1].inner == matches[i].number) drop(&token.bits, gone[g - 1].bits);
        if (some(&token.bits)) t->tokens.at[kept++] = token;
    }
    for (int w = 0; w < whole_count; w++) {
        int begin = wholes[w].first, close = wholes[w].last, left = 0;
        for (int i = 0; i < kept; i++) {
            const Token *token = t->tokens.at + i;
            int across = (token->start < begin && begin < token->end && token->end < close)
                || (begin < token->start && token->start < close && close < token->end);
            if (!across) t->tokens.at[left++] = *token;
        }
        kept = left;
    }
    t->tokens.n = kept;
    status = 0;
done:
    PyMem_Free(gone);
    PyMem_Free(last_gone);
    PyMem_Free(wholes);
    PyMem_Free(matches);
    return status;
}

/* Drop what stands in the title of a document, but for the insurances it names: Clauses._outside_titles */
static int outside_titles(Text *t, PyObject *quoted) {
    const Core *c = t->core;
    int spans = (int)PyList_Size(quoted), kept = 0;
    Range *span = PyMem_Malloc(((size_t)spans + 1) * sizeof(Range));
    if (!span) { PyErr_NoMemory(); return -1; }
    for (int q = 0; q < spans; q++)
        if (!PyArg_ParseTuple(PyList_GetItem(quoted, q), "ii", &span[q].first, &span[q].last)) { PyMem_Free(span); return -1; }
    for (int i = 0; i < t->tokens.n; i++) {
        Token token = t->tokens.at[i];
        for (int q = 0; q < spans; q++)
            if (span[q].first < token.start && token.end < span[q].last) { keep(&token.bits, &c->mask[NAMED]); break; }
        if (some(&token.bits)) t->tokens.at[kept++] = token;
    }
    t->tokens.n = kept;
    PyMem_Free(span);
    return 0;
}

/* Combinations */

static int spoilt(const Core *c, const Row *row, const Tokens *tokens, int start, int end) {
    for (int i = 0; i < tokens->n; i++) {
        const Token *token = tokens->at + i;
        if (start - c->limit[SPOILING] <= token->start && token->end <= end + c->limit[SPOILING]
            && meet(&token->bits, &row->unless)) return 1;
    }
    return 0;
}

/* Where its steps follow one another from a first token on: Row._next; each nearest to the first: Row._near */
static int reaches(const Core *c, const Row *row, const Tokens *tokens, int *start, int *end) {
    int first = *start, last = *end;
    for (int s = row->first + 1; s < row->last; s++) {
        int found = 0, best_gap = 0, best_start = 0, best_end = 0;
        for (int i = 0; i < tokens->n; i++) {
            const Token *token = tokens->at + i;
            if (!met_by(&token->bits, c->steps + s)) continue;
            int gap = 0;
            if (row->ordered) {
                gap = token->start - last;
                if (gap < 0 || gap > row->gap) continue;
                gap = 0;  /* the least start, not the least gap */
            } else {
                if (token->start - *end > gap) gap = token->start - *end;
                if (*start - token->end > gap) gap = *start - token->end;
            }
            if (!found || gap < best_gap || (gap == best_gap && (token->start < best_start
                || (token->start == best_start && token->end < best_end)))) {
                found = 1;
                best_gap = gap;
                best_start = token->start;
                best_end = token->end;
            }
        }
        if (!found || best_gap > row->gap) return 0;
        if (row->ordered) last = best_end;
        else {
            if (best_start < first) first = best_start;
            if (best_end > last) last = best_end;
        }
    }
    *start = first;
    *end = last;
    return 1;
}

/* Add a token for the first place where one combination holds, if there is one: Row.first */
static int first_place(Text *t, const Row *row, const Bits *bits, const Bits *around) {
    const Core *c = t->core;
    if (!met_by(bits, &row->rarest)) return 0;
    for (int step = row->first; step < row->last; step++)
        if (!met_by(bits, c->steps + step)) return 0;
    if (!meet(around, &row->needs)) return 0;
    int spoilers = meet(&row->unless, bits);
    for (int i = 0; i < t->part.n; i++) {
        const Token *token = t->part.at + i;
        if (!met_by(&token->bits, c->steps + row->first)) continue;
        int start = token->start, end = token->end;
        if (!reaches(c, row, &t->part, &start, &end) || (spoilers && spoilt(c, row, &t->part, start, end))) continue;
        Token made = {start, end, row->result};
        return push(&t->found, &made);
    }
    return 0;
}

/* Add a token for each combination that ``part`` holds to ``found``: Combinations.met */
static int combine(Text *t, const Combinations *of, const Bits *around) {
    const Core *c = t->core;
    Bits bits = {{0}};
    for (int i = 0; i < t->part.n; i++) add(&bits, &t->part.at[i].bits);
    for (int s = 0; s < of->n; s++) {
        int before = t->found.n;
        for (int g = of->stages[s].first; g < of->stages[s].last; g++) {
            const Group *group = c->groups + g;
            if (!met_by(&bits, &group->shared)) continue;
            for (int r = group->first; r < group->last; r++)
                if (first_place(t, c->rows + r, &bits, around)) return -1;
        }
        if (t->found.n == before) return 0;
        if (extend(&t->part, t->found.at + before, t->found.n - before)) return -1;
        for (int i = before; i < t->found.n; i++) add(&bits, &t->found.at[i].bits);
    }
    return 0;
}

/* Clauses and sentences */

/* Copy the clause whose tokens stand from ``first`` to ``last`` to the sentence, what is negated dropped: Clauses._negate */
static int negate(Text *t, int first, int last) {
    const Core *c = t->core;
    for (int i = first; i < last; i++) {
        Token token = t->tokens.at[i];
        Bits lost = token.bits, both = c->mask[DROPPED];
        add(&both, &c->mask[DOUBTFUL]);
        keep(&lost, &both);
        int negated = 0;
        if (some(&lost))
            for (int n = first; n < last && !negated; n++) {
                int after = token.start - t->tokens.at[n].end;
                negated = 0 <= after && after <= c->limit[NEGATION_WINDOW] && meet(&t->tokens.at[n].bits, &c->mask[NEGATION]);
            }
        if (negated) {
            Token doubted = {token.start, token.end, lost};
            keep(&doubted.bits, &c->mask[DOUBTFUL]);
            add(&t->doubtful, &doubted.bits);
            if (meet(&doubted.bits, &c->mask[SHOWN]) && push(&t->out, &doubted)) return -1;
            drop(&token.bits, &lost);
        }
        if (some(&token.bits) && push(&t->sentence, &token)) return -1;
    }
    return 0;
}

/* Note a finished sentence, whose clauses are ranges of tokens: Clauses._finish */
static int finish(Text *t) {
    const Core *c = t->core;
    Bits both = c->mask[DROPPED], all = {{0}};
    add(&both, &c->mask[DOUBTFUL]);
    for (int k = 0; k < t->clause_count; k++)
        for (int i = t->clauses[k].first; i < t->clauses[k].last; i++) add(&all, &t->tokens.at[i].bits);
    int count = t->clause_count;
    t->clause_count = 0;
    if (!some(&all)) return 0;
    int negated = meet(&all, &c->mask[NEGATION]) && meet(&all, &both);
    t->sentence.n = t->found.n = 0;
    for (int k = 0; k < count; k++) {
        Range clause = t->clauses[k];
        t->clauses[k].first = t->sentence.n;
        if (negated) {
            if (negate(t, clause.first, clause.last)) return -1;
        } else if (extend(&t->sentence, t->tokens.at + clause.first, clause.last - clause.first)) return -1;
        t->clauses[k].last = t->sentence.n;
    }
    if (meet(&all, &c->of_clause.worth)) {
        for (int k = 0; k < count; k++) {
            t->part.n = 0;
            if (extend(&t->part, t->sentence.at + t->clauses[k].first, t->clauses[k].last - t->clauses[k].first)
                || combine(t, &c->of_clause, &all)) return -1;
        }
        if (extend(&t->sentence, t->found.at, t->found.n)) return -1;
    }
    if (meet(&all, &c->of_sentence.worth)) {
        for (int i = 0; i < t->sentence.n; i++) add(&all, &t->sentence.at[i].bits);
        t->part.n = t->found.n = 0;
        if (extend(&t->part, t->sentence.at, t->sentence.n) || combine(t, &c->of_sentence, &all)
            || extend(&t->sentence, t->found.at, t->found.n)) return -1;
    }
    Bits bits = {{0}};
    for (int i = 0; i < t->sentence.n; i++) {
        const Token *token = t->sentence.at + i;
        add(&bits, &token->bits);
        if (meet(&token->bits, &c->mask[SHOWN]) && push(&t->out, token)) return -1;
    }
    if (grow((void **)&t->sentences, &t->sentence_room, t->sentence_count + 1, sizeof(Bits))) return -1;
    t->sentences[t->sentence_count++] = bits;
    return 0;
}

static int clause_from_to(Text *t, int first, int last) {
    if (grow((void **)&t->clauses, &t->clause_room, t->clause_count + 1, sizeof(Range))) return -1;
    t->clauses[t->clause_count++] = (Range){first, last};
    return 0;
}

/* Clauses.read */
static int sentences(Text *t, int head_end, int length) {
    const Core *c = t->core;
    int all_head = head_end >= length, first = 0;
    for (int i = 0; i < t->tokens.n; i++) {
        const Token *token = t->tokens.at + i;
        if (token->end > head_end) {
            if (clause_from_to(t, first, i) || finish(t)) return -1;
            first = i;
            head_end = length;
            for (int n = 0; n < t->sentence_count; n++) add(&t->head, t->sentences + n);
        }
        if (meet(&token->bits, &c->mask[ENDS])) {
            if (i > first && clause_from_to(t, first, i)) return -1;
            first = i + 1;
            if (meet(&token->bits, &c->mask[SENTENCE]) && t->clause_count && finish(t)) return -1;
        }
    }
    if (clause_from_to(t, first, t->tokens.n) || finish(t)) return -1;
    if (all_head)
        for (int n = 0; n < t->sentence_count; n++) add(&t->head, t->sentences + n);
    t->demand = t->head;
    for (int n = 0; n < t->sentence_count; n++) {
        add(&t->everywhere, t->sentences + n);
        if (n >= t->sentence_count - c->limit[LAST_SENTENCES] || meet(t->sentences + n, &c->mask[REQUEST]))
            add(&t->demand, t->sentences + n);
    }
    return 0;
}

/* What may be presumed: Presumed.holds, Reader._presume */

static int in_zones(const Text *t, const Zones *z) {
    return meet(&t->everywhere, &z->zone[0]) || meet(&t->head, &z->zone[1]) || meet(&t->demand, &z->zone[2]);
}

static int presume(Text *t) {
    const Core *c = t->core;
    char *settled = PyMem_Calloc((size_t)c->keys + 1, 1);
    int status = -1;
    if (!settled) { PyErr_NoMemory(); return -1; }
    for (int n = 0; n < c->presumptions; n++) {
        const Presumption *p = c->presumption + n;
        if (!met_by(&t->everywhere, &p->met) || (p->alone && settled[p->key]) || !in_zones(t, &p->met_in)
            || in_zones(t, &p->none) || (p->has_some && !in_zones(t, &p->some))) continue;
        int holds = 1;
        for (int e = p->first; holds && e < p->last; e++) holds = in_zones(t, c->every + e);
        if (!holds) continue;
        settled[p->key] = 1;
        add(&t->everywhere, &p->result);
        if (met_by(&t->head, &p->met)) add(&t->head, &p->result);
        if (met_by(&t->demand, &p->met)) add(&t->demand, &p->result);
        if (p->about)
            for (int s = 0; s < t->sentence_count; s++)
                if (met_by(t->sentences + s, &p->met)) add(t->sentences + s, &p->result);
        if (p->shown)
            for (int i = 0, end = t->out.n, made = 0; i < end && made < c->limit[PLACES]; i++)
                if (met_by(&t->out.at[i].bits, &p->met)) {
                    Token token = {t->out.at[i].start, t->out.at[i].end, p->result};
                    if (push(&t->out, &token)) goto done;
                    made++;
                }
    }
    status = 0;
done:
    PyMem_Free(settled);
    return status;
}

/* Bits from Python and back, as bytes or as numbers */

static int bits_of(const Core *c, PyObject *bytes, Bits *bits) {
    char *at;
    Py_ssize_t size;
    if (!bytes || PyBytes_AsStringAndSize(bytes, &at, &size)) return -1;
    if (size != c->words * 8) { PyErr_SetString(PyExc_ValueError, "bits of another width"); return -1; }
    memset(bits, 0, sizeof *bits);
    for (int i = 0; i < size; i++) bits->w[i / 8] |= (uint64_t)(unsigned char)at[i] << i % 8 * 8;
    return 0;
}

static PyObject *number_of(Core *c, const Bits *bits) {
    uint64_t hash = 0;
    for (int i = 0; i < c->words; i++) hash = (hash ^ bits->w[i]) * 0x9E3779B97F4A7C15u;
    Number *known = c->number + (hash >> 40) % KEPT;
    if (known->number && !memcmp(known->bits.w, bits->w, (size_t)c->words * sizeof(uint64_t))) return Py_NewRef(known->number);
    unsigned char bytes[WORDS * 8];
    for (int i = 0; i < c->words * 8; i++) bytes[i] = (unsigned char)(bits->w[i / 8] >> i % 8 * 8);
    PyObject *made = PyObject_CallFunction(c->from_bytes, "y#s", bytes, (Py_ssize_t)c->words * 8, "little");
    if (made) {
        PyObject *old = known->number;
        known->bits = *bits;
        known->number = Py_NewRef(made);
        Py_XDECREF(old);
    }
    return made;
}

/* Tokens as Python has them, from the bytes that ``read`` gave: only for those who show where something is said. */
static PyObject *Core_tokens(PyObject *self, PyObject *bytes) {
    Core *c = (Core *)self;
    char *at;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(bytes, &at, &size)) return NULL;
    int count = (int)(size / (Py_ssize_t)sizeof(Token));
    PyObject *list = PyList_New(count);
    for (int i = 0; list && i < count; i++) {
        Token token;
        memcpy(&token, at + (size_t)i * sizeof token, sizeof token);
        PyObject *number = number_of(c, &token.bits);
        PyObject *made = number ? Py_BuildValue("iiN", token.start, token.end, number) : NULL;
        if (!made) { Py_CLEAR(list); break; }
        PyList_SetItem(list, i, made);
    }
    return list;
}

/* Reader.read: 0, or -1 with an error set. */
static int read_text(Text *t, PyObject *string, int head_end, PyObject *quoted) {
    const Core *c = t->core;
    int length = (int)PyUnicode_GetLength(string), status = -1;
    wchar_t *text = PyMem_Malloc(((size_t)length + 1) * sizeof(wchar_t));
    if (!text) { PyErr_NoMemory(); return -1; }
    if (PyUnicode_AsWideChar(string, text, length) < 0) goto done;
    if (phrases_that_count(t, text, length) || (PyList_Size(quoted) && outside_titles(t, quoted))
        || sentences(t, head_end, length) || presume(t)) goto done;
    for (int n = 0; n < c->asides; n++)
        if (meet(&t->demand, c->aside + 2 * n)) {
            Bits passing = c->aside[2 * n + 1];
            drop(&passing, &t->demand);
            drop(&t->everywhere, &passing);
        }
    t->premium = t->head;
    for (int n = 0; n < t->sentence_count; n++) {
        if (meet(t->sentences + n, &c->mask[PREMIUM])) {
            t->about_premium++;
            add(&t->premium, t->sentences + n);
        }
        t->about_other += meet(t->sentences + n, &c->mask[OTHER]);
    }
    status = 0;
done:
    PyMem_Free(text);
    return status;
}

static void let_go(Text *t) {
    PyMem_Free(t->tokens.at);
    PyMem_Free(t->sentence.at);
    PyMem_Free(t->part.at);
    PyMem_Free(t->found.at);
    PyMem_Free(t->out.at);
    PyMem_Free(t->clauses);
    PyMem_Free(t->sentences);
}

static PyObject *Core_read(PyObject *self, PyObject *args) {
    Core *c = (Core *)self;
    PyObject *string, *quoted, *result = NULL;
    int head_end;
    if (!PyArg_ParseTuple(args, "UiO!", &string, &head_end, &PyList_Type, &quoted)) return NULL;
    Text t = {.core = c};
    if (!read_text(&t, string, head_end, quoted))
        result = Py_BuildValue("NNNNNiiy#", number_of(c, &t.everywhere), number_of(c, &t.head), number_of(c, &t.demand),
                               number_of(c, &t.doubtful), number_of(c, &t.premium), t.about_premium, t.about_other,
                               t.out.at ? (const char *)t.out.at : "", (Py_ssize_t)t.out.n * (Py_ssize_t)sizeof(Token));
    let_go(&t);
    return result;
}

/* Rows: what Extractor.__call__ makes of a reading, packed */

static void number_at(char *row, int at, int number) {
    for (int i = 0; i < 4; i++) row[at + i] = (char)((uint32_t)number >> 8 * i);
}

/* Whether some bits stand in two places. */
static int twice(const Text *t, const Bits *bits) {
    const Token *first = NULL;
    for (int i = 0; i < t->out.n; i++) {
        const Token *token = t->out.at + i;
        if (!meet(&token->bits, bits)) continue;
        if (first && (first->start != token->start || first->end != token->end)) return 1;
        if (!first) first = token;
    }
    return 0;
}

/* A row from the one that knows only what is no phrase; None where tokens would be asked, which Python has. */
static PyObject *Rows_read(PyObject *self, PyObject *args) {
    const Rows *r = (Rows *)self;
    PyObject *string, *quoted, *begun, *signals, *result = NULL;
    int head_end, has_head;
    if (!PyArg_ParseTuple(args, "UiO!pSS", &string, &head_end, &PyList_Type, &quoted, &has_head, &begun, &signals)) return NULL;
    Text t = {.core = r->core};
    if (!r->core || PyBytes_Size(begun) != r->size) { PyErr_SetString(PyExc_ValueError, "a row of another size"); return NULL; }
    if (read_text(&t, string, head_end, quoted)) goto done;
    if (PyBytes_Size(signals)) {
        Bits counted;
        if (bits_of(r->core, signals, &counted)) goto done;
        add(&t.everywhere, &counted);
    }
    if (meet(&t.everywhere, &r->mask[HAD])) { result = Py_NewRef(Py_None); goto done; }
    if (meet(&t.premium, &r->mask[UMBRELLA]) && meet(&t.premium, &r->mask[SINGLE])) {  /* Extractor._beside_umbrella */
        int whole = meet(&t.head, &r->mask[UMBRELLA]), single = meet(&t.head, &r->mask[SINGLE]);
        if (whole != single) drop(&t.premium, &r->mask[whole ? SINGLE : UMBRELLA]);
    }
    const Bits *zone[ZONES] = {
        [EVERYWHERE] = &t.everywhere, [HEAD] = &t.head, [DEMAND] = &t.demand, [DOUBTED] = &t.doubtful,
        [INSURED] = meet(&t.premium, &r->mask[INSURANCE]) ? &t.premium : &t.everywhere,
    };
    if (!(result = PyBytes_FromStringAndSize(PyBytes_AsString(begun), r->size))) goto done;
    char *row = PyBytes_AsString(result);
    if (!row[r->area]) {  /* Extractor._given: names of places go before what other words say of it */
        if (meet(&t.everywhere, &r->mask[INSIDE])) row[r->area] = (char)r->inside;
        else if (meet(&t.everywhere, &r->mask[OUTSIDE])
                 && ((has_head && meet(&t.head, &r->mask[OUTSIDE])) || twice(&t, &r->mask[OUTSIDE])))
            row[r->area] = (char)r->outside;
    }
    for (int n = 0; n < r->marks; n++) {
        const Mark *m = r->mark + n;
        if (met_by(zone[m->zone], &m->mask) && (!m->once || !row[m->byte])) row[m->byte] ^= (char)m->change;
    }
    int about = t.about_premium + t.about_other;
    number_at(row, r->sentences, t.about_premium);
    number_at(row, r->share, about ? 100 * t.about_premium / about : 0);
done:
    let_go(&t);
    return result;
}

/* Tables, as reading.py lays them out */

static int mask_of(const Core *c, PyObject *bytes, Mask *mask) {
    if (bits_of(c, bytes, &mask->bits)) return -1;
    for (mask->last = WORDS; mask->last > 1 && !mask->bits.w[mask->last - 1];) mask->last--;
    for (mask->first = 0; mask->first < mask->last - 1 && !mask->bits.w[mask->first];) mask->first++;
    return 0;
}

static int zones_of(const Core *c, PyObject *three, Zones *zones) {
    for (int z = 0; z < 3; z++)
        if (!three || bits_of(c, PyTuple_GetItem(three, z), &zones->zone[z])) return -1;
    return 0;
}

/* Read a list of bits into a new array; return how many, -1 on error. */
static int list_of_bits(const Core *c, PyObject *list, Bits **array) {
    int n = (int)PyList_Size(list);
    if (!(*array = PyMem_Calloc((size_t)n + 1, sizeof(Bits)))) { PyErr_NoMemory(); return -1; }
    for (int i = 0; i < n; i++)
        if (bits_of(c, PyList_GetItem(list, i), *array + i)) return -1;
    return n;
}

static int table(void **array, PyObject *list, size_t size) {
    int n = (int)PyList_Size(list);
    if (n < 0) return -1;
    if (!(*array = PyMem_Calloc((size_t)n + 1, size))) { PyErr_NoMemory(); return -1; }
    return n;
}

static int read_phrases(Core *c, PyObject *phrases, PyObject *hides) {
    int known = table((void **)&c->phrase, phrases, sizeof(Phrase));
    if (known < 0) return -1;
    if (known != c->tree->phrases) { PyErr_SetString(PyExc_ValueError, "phrases of another tree"); return -1; }
    for (int n = 0; n < known; n++) {
        PyObject *bits;
        Phrase *p = c->phrase + n;
        if (!PyArg_ParseTuple(PyList_GetItem(phrases, n), "Sppii", &bits, &p->whole, &p->hidden, &p->first, &p->last)
            || bits_of(c, bits, &p->bits)) return -1;
    }
    int count = table((void **)&c->hides, hides, sizeof(Hides));
    for (int n = 0; n < count; n++) {
        PyObject *bits;
        Hides *h = c->hides + n;
        if (!PyArg_ParseTuple(PyList_GetItem(hides, n), "iiS", &h->inner, &h->offset, &bits) || bits_of(c, bits, &h->bits)) return -1;
    }
    return count < 0 ? -1 : 0;
}

static int read_rows(Core *c, PyObject *groups, PyObject *rows, PyObject *steps) {
    int groups_count = table((void **)&c->groups, groups, sizeof(Group));
    for (int n = 0; n < groups_count; n++) {
        PyObject *shared;
        Group *g = c->groups + n;
        if (!PyArg_ParseTuple(PyList_GetItem(groups, n), "Sii", &shared, &g->first, &g->last)
            || mask_of(c, shared, &g->shared)) return -1;
    }
    int count = table((void **)&c->rows, rows, sizeof(Row));
    for (int n = 0; n < count; n++) {
        PyObject *rarest, *result, *needs, *unless;
        Row *r = c->rows + n;
        if (!PyArg_ParseTuple(PyList_GetItem(rows, n), "SSSSipii", &rarest, &result, &needs, &unless, &r->gap, &r->ordered, &r->first, &r->last)
            || mask_of(c, rarest, &r->rarest) || bits_of(c, result, &r->result) || bits_of(c, needs, &r->needs) || bits_of(c, unless, &r->unless)) return -1;
    }
    int steps_count = table((void **)&c->steps, steps, sizeof(Mask));
    for (int n = 0; n < steps_count; n++)
        if (mask_of(c, PyList_GetItem(steps, n), c->steps + n)) return -1;
    return groups_count < 0 || count < 0 || steps_count < 0 ? -1 : 0;
}

static int read_stages(const Core *c, PyObject *pair, Combinations *of) {
    PyObject *stages, *worth;
    if (!PyArg_ParseTuple(pair, "O!S", &PyList_Type, &stages, &worth) || bits_of(c, worth, &of->worth)
        || (of->n = table((void **)&of->stages, stages, sizeof(Range))) < 0) return -1;
    for (int n = 0; n < of->n; n++)
        if (!PyArg_ParseTuple(PyList_GetItem(stages, n), "ii", &of->stages[n].first, &of->stages[n].last)) return -1;
    return 0;
}

static int read_presumptions(Core *c, PyObject *presumptions, PyObject *every) {
    if ((c->presumptions = table((void **)&c->presumption, presumptions, sizeof(Presumption))) < 0) return -1;
    for (int n = 0; n < c->presumptions; n++) {
        PyObject *met, *result, *met_in, *some_of, *none_of;
        Presumption *p = c->presumption + n;
        if (!PyArg_ParseTuple(PyList_GetItem(presumptions, n), "SSO!O!O!iiippp", &met, &result, &PyTuple_Type, &met_in,
                              &PyTuple_Type, &some_of, &PyTuple_Type, &none_of, &p->first, &p->last, &p->key, &p->alone,
                              &p->shown, &p->about)
            || mask_of(c, met, &p->met) || bits_of(c, result, &p->result) || zones_of(c, met_in, &p->met_in)
            || zones_of(c, some_of, &p->some) || zones_of(c, none_of, &p->none)) return -1;
        p->has_some = some(&p->some.zone[0]) || some(&p->some.zone[1]) || some(&p->some.zone[2]);
        if (p->key >= c->keys) c->keys = p->key + 1;
    }
    int count = table((void **)&c->every, every, sizeof(Zones));
    for (int n = 0; n < count; n++)
        if (zones_of(c, PyList_GetItem(every, n), c->every + n)) return -1;
    return count < 0 ? -1 : 0;
}

static int Core_init(PyObject *self, PyObject *args, PyObject *named) {
    Core *c = (Core *)self;
    static char *names[] = {"words", "tree", "limits", "masks", "phrases", "hides", "groups", "rows", "steps", "of_clause", "of_sentence",
                            "presumptions", "every", "asides", NULL};
    PyObject *tree, *limits, *masks, *phrases, *hides, *groups, *rows, *steps, *of_clause, *of_sentence, *presumptions, *every, *asides;
    PyTypeObject *list = &PyList_Type, *tuple = &PyTuple_Type;
    PyObject *tree_type = PyObject_GetAttrString(self, "Tree");
    if (!tree_type) return -1;
    if (c->tree) { PyErr_SetString(PyExc_RuntimeError, "made already"); Py_DECREF(tree_type); return -1; }
    int given = PyArg_ParseTupleAndKeywords(
        args, named, "iO!O!O!O!O!O!O!O!O!O!O!O!O!", names, &c->words, tree_type, &tree, tuple, &limits, list, &masks, list, &phrases,
        list, &hides, list, &groups, list, &rows, list, &steps, tuple, &of_clause, tuple, &of_sentence, list, &presumptions,
        list, &every, list, &asides);
    Py_DECREF(tree_type);
    if (!given) return -1;
    c->tree = (Tree *)Py_NewRef(tree);
    if (!c->tree->edges || c->words < 1 || c->words > WORDS || PyList_Size(masks) != MASKS) {
        PyErr_SetString(PyExc_ValueError, "tables of another shape");
        return -1;
    }
    if (!PyArg_ParseTuple(limits, "iiii", &c->limit[NEGATION_WINDOW], &c->limit[SPOILING], &c->limit[LAST_SENTENCES],
                          &c->limit[PLACES])) return -1;
    for (int m = 0; m < MASKS; m++)
        if (bits_of(c, PyList_GetItem(masks, m), &c->mask[m])) return -1;
    if (read_phrases(c, phrases, hides) || read_rows(c, groups, rows, steps) || read_stages(c, of_clause, &c->of_clause)
        || read_stages(c, of_sentence, &c->of_sentence) || read_presumptions(c, presumptions, every)) return -1;
    if ((c->asides = list_of_bits(c, asides, &c->aside)) < 0) return -1;
    c->asides /= 2;
    if (!(c->number = PyMem_Calloc(KEPT, sizeof(Number)))) { PyErr_NoMemory(); return -1; }
    c->from_bytes = PyObject_GetAttrString((PyObject *)&PyLong_Type, "from_bytes");
    return c->from_bytes ? 0 : -1;
}

static void Core_dealloc(PyObject *self) {
    Core *c = (Core *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (int n = 0; c->number && n < KEPT; n++) Py_XDECREF(c->number[n].number);
    Py_XDECREF(c->from_bytes);
    Py_XDECREF((PyObject *)c->tree);
    PyMem_Free(c->number);
    PyMem_Free(c->phrase);
    PyMem_Free(c->hides);
    PyMem_Free(c->groups);
    PyMem_Free(c->rows);
    PyMem_Free(c->steps);
    PyMem_Free(c->of_clause.stages);
    PyMem_Free(c->of_sentence.stages);
    PyMem_Free(c->presumption);
    PyMem_Free(c->every);
    PyMem_Free(c->aside);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static int Rows_init(PyObject *self, PyObject *args, PyObject *named) {
    Rows *r = (Rows *)self;
    static char *names[] = {"core", "masks", "marks", "places", NULL};
    PyObject *core, *masks, *marks, *places;
    PyObject *type = PyObject_GetAttrString(self, "Core");
    if (!type) return -1;
    if (r->core) { PyErr_SetString(PyExc_RuntimeError, "made already"); Py_DECREF(type); return -1; }
    int given = PyArg_ParseTupleAndKeywords(args, named, "O!O!O!O!", names, type, &core, &PyList_Type, &masks, &PyList_Type, &marks,
                                            &PyTuple_Type, &places);
    Py_DECREF(type);
    if (!given) return -1;
    const Core *c = (const Core *)core;
    if (!c->number || PyList_Size(masks) != ROW_MASKS) { PyErr_SetString(PyExc_ValueError, "tables of another shape"); return -1; }
    r->core = (Core *)Py_NewRef(core);
    for (int m = 0; m < ROW_MASKS; m++)
        if (bits_of(c, PyList_GetItem(masks, m), &r->mask[m])) return -1;
    if (!PyArg_ParseTuple(places, "iiiiii", &r->size, &r->sentences, &r->share, &r->area, &r->inside, &r->outside)
        || (r->marks = table((void **)&r->mark, marks, sizeof(Mark))) < 0) return -1;
    int inside = 0 <= r->sentences && r->sentences + 4 <= r->size && 0 <= r->share && r->share + 4 <= r->size
        && 0 <= r->area && r->area < r->size;
    for (int n = 0; n < r->marks; n++) {
        PyObject *mask;
        Mark *m = r->mark + n;
        if (!PyArg_ParseTuple(PyList_GetItem(marks, n), "Siiip", &mask, &m->zone, &m->byte, &m->change, &m->once)
            || mask_of(c, mask, &m->mask)) return -1;
        inside = inside && 0 <= m->byte && m->byte < r->size && 0 <= m->zone && m->zone < ZONES;
    }
    if (!inside) PyErr_SetString(PyExc_ValueError, "a place outside the row");
    return inside ? 0 : -1;
}

static void Rows_dealloc(PyObject *self) {
    Rows *r = (Rows *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF((PyObject *)r->core);
    PyMem_Free(r->mark);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"read", Core_read, METH_VARARGS, "read(text, head_end, titles): the fields of a Reading; its tokens as bytes."},
    {"tokens", Core_tokens, METH_O, "tokens(bytes): the tokens that read gave as bytes."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot slots[] = {
    {Py_tp_doc, "The tables of one lexicon."},
    {Py_tp_init, Core_init},
    {Py_tp_dealloc, Core_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};
static PyType_Spec spec = {"hsdispute_plugin.rules._reading.Core", sizeof(Core), 0, Py_TPFLAGS_DEFAULT, slots};

static PyMethodDef row_methods[] = {
    {"read", Rows_read, METH_VARARGS, "read(text, head_end, titles, has_head, begun, signals): the row; None where Python must read."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot row_slots[] = {
    {Py_tp_doc, "How the facts of one lexicon are packed."},
    {Py_tp_init, Rows_init},
    {Py_tp_dealloc, Rows_dealloc},
    {Py_tp_methods, row_methods},
    {0, NULL},
};
static PyType_Spec row_spec = {"hsdispute_plugin.rules._reading.Rows", sizeof(Rows), 0, Py_TPFLAGS_DEFAULT, row_slots};

static PyMethodDef tree_methods[] = {
    {"find", Tree_find, METH_O, "find(text): number, start and end of each phrase, ascending by end."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot tree_slots[] = {
    {Py_tp_doc, "All phrases of one lexicon."},
    {Py_tp_init, Tree_init},
    {Py_tp_dealloc, Tree_dealloc},
    {Py_tp_methods, tree_methods},
    {0, NULL},
};
static PyType_Spec tree_spec = {"hsdispute_plugin.rules._reading.Tree", sizeof(Tree), 0, Py_TPFLAGS_DEFAULT, tree_slots};

static int set_up(PyObject *module) {
    PyObject *tree = PyType_FromSpec(&tree_spec), *core = PyType_FromSpec(&spec), *rows = PyType_FromSpec(&row_spec);
    int status = tree && core && rows && !PyObject_SetAttrString(core, "Tree", tree) && !PyObject_SetAttrString(rows, "Core", core)
        && !PyModule_AddObjectRef(module, "Tree", tree) && !PyModule_AddObjectRef(module, "Core", core)
        && !PyModule_AddObjectRef(module, "Rows", rows) && !PyModule_AddIntConstant(module, "WORDS", WORDS) ? 0 : -1;
    Py_XDECREF(tree);
    Py_XDECREF(core);
    Py_XDECREF(rows);
    return status;
}
static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, set_up}, {0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_reading", "What one text says, compiled.", 0, NULL, module_slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__reading(void) { return PyModuleDef_Init(&module); }
