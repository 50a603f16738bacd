#!/usr/bin/perl
# Prepares Request Tracker 5 for hsdispute: custom fields, the robot's account, its rights, its token, the scrip. Run it as the user
# that RT runs as. What is there already stays as it is, so it may be run again. Edit the names below to the county's first.
#
#   perl hsdispute_setup.pl --queue 12345受理 [--queue ...] [--move-to 县税务局 ...] [--read 来电号码 ...] [--robot hsdispute-robot]
#                           [--token FILE] [--lib /usr/share/request-tracker5/lib]
#
# --queue: 受理工单的队列. --move-to: 用 “主办: Queue” 时，工单可移入的承办单位队列. --read: 平台原有的、机器人只看不改的自定义字段.
# --token: 令牌写入此文件（只写一次，只给自己看）.
use strict; use warnings; use utf8;
use Encode qw(decode);
use FindBin;
use Getopt::Long;

my @UNITS = qw(合水县税务局 合水县人力资源和社会保障局 合水县医疗保障局 合水县人民法院 合水县司法局 合水县财政局 合水县委网信办 合水县人民政府办公室);
my @FIELDS = (
    ['主办单位', 'SelectSingle', @UNITS], ['协办单位', 'SelectMultiple', @UNITS], ['争议类别', 'SelectSingle', qw(征缴 其他)],
    ['办理类型', 'SelectSingle', qw(一般事项 重大疑难事项 不属本机制)], ['办理依据', 'FreeformSingle'],
    ['报送编号', 'FreeformSingle'], ['外部编号', 'FreeformSingle'],
);
my @RIGHTS = qw(SeeQueue ShowTicket ShowTicketComments CommentOnTicket ModifyTicket);

my ($lib, $robot, $token, @queues, @targets, @reads) = ('/usr/share/request-tracker5/lib', 'hsdispute-robot', '');
@ARGV = map { decode('UTF-8', $_) } @ARGV;
GetOptions('lib=s' => \$lib, 'robot=s' => \$robot, 'token=s' => \$token, 'queue=s' => \@queues, 'move-to=s' => \@targets,
           'read=s' => \@reads)
    && @queues or die "usage: see the first lines of this file\n";
binmode $_, ':encoding(UTF-8)' for *STDOUT, *STDERR;
unshift @INC, $lib;
require RT; RT::LoadConfig(); RT::Init();
my $root = RT->SystemUser;

sub done { my ($what, $id, $message) = @_; $id or die "$what: $message\n"; print "+ $what\n"; return $id }

my %queue = map {
    my $q = RT::Queue->new($root); $q->Load($_); $q->id or die "没有队列 / no queue: $_\n"; ($_ => $q)
} @queues, @targets;

my $account = RT::User->new($root); $account->Load($robot);
$account->id or done("account $robot", $account->Create(Name => $robot, RealName => '社保费争议助手', Privileged => 1));

sub grant {
    my ($right, $object, $what) = @_;
    my $holder = $account->PrincipalObj;
    $holder->HasRight(Right => $right, Object => $object)
        or done("right $right on $what", $holder->GrantRight(Right => $right, Object => $object));
}

for my $name (@queues) { grant($_, $queue{$name}, $name) for @RIGHTS }
for my $name (@targets) { grant($_, $queue{$name}, $name) for @RIGHTS, 'CreateTicket' }    # a ticket is moved into it

for my $row (@FIELDS) {
    my ($name, $type, @values) = @$row;
    my $field = RT::CustomField->new($root);
    $field->LoadByName(Name => $name, LookupType => 'RT::Queue-RT::Ticket', IncludeGlobal => 1, IncludeDisabled => 0);
    if (!$field->id) {
        done("field $name", $field->Create(Name => $name, Type => $type, LookupType => 'RT::Queue-RT::Ticket'));
        my $order = 0;
        done("value $_ of $name", $field->AddValue(Name => $_, SortOrder => ++$order)) for @values;
    }
    for my $q (sort keys %queue) {
        $field->IsAdded(0) || $field->IsAdded($queue{$q}->id) or done("field $name in $q", $field->AddToObject($queue{$q}));
    }
    grant($_, $field, $name) for qw(SeeCustomField ModifyCustomField);
}
for my $name (@reads) {
    my $field = RT::CustomField->new($root);
    $field->LoadByName(Name => $name, LookupType => 'RT::Queue-RT::Ticket', IncludeGlobal => 1);
    $field->id or die "没有自定义字段 / no custom field: $name\n";
    grant('SeeCustomField', $field, $name);
}

my $scrip = RT::Scrip->new($root);
$scrip->LoadByCols(Description => 'hsdispute webhook');
if (!$scrip->id) {
    open my $file, '<:encoding(UTF-8)', "$FindBin::Bin/hsdispute_webhook.pl" or die "hsdispute_webhook.pl: $!\n";
    my $code = do { local $/; <$file> };
    my ($first, @others) = map { $queue{$_} } sort keys %queue;
    done('scrip', $scrip->Create(
        Description => 'hsdispute webhook', Queue => $first->id, ScripCondition => 'On Transaction', ScripAction => 'User Defined',
        Template => 'Blank', Stage => 'TransactionBatch', CustomPrepareCode => 'return 1;', CustomCommitCode => $code));
    done('scrip in ' . $_->Name, $scrip->AddToObject($_->id)) for @others;
}

if ($token && !-s $token) {
    my ($id, $message, $secret) = RT::AuthToken->new($root)->Create(Owner => $account->id, Description => 'hsdispute');
    done('token', $id, $message);
    umask 077;
    open my $file, '>', $token or die "$token: $!\n";
    print $file $secret;
    close $file or die "$token: $!\n";
}
