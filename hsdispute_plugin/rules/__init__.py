"""From words to facts, from facts to a decision: rule files, engines, editions, working days."""
