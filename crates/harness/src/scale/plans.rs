//! What PostgreSQL's `auto_explain` logs.

use std::collections::BTreeMap;

/// A statement of the service, and how the server carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// As the service sends it, in one line.
    pub(super) text: String,
    /// How it was carried out the last time, in PostgreSQL's words.
    pub(super) plan: Vec<String>,
    pub(super) executions: usize,
    /// How many buffers it touched at the most, be they found or read.
    pub(super) most_buffers: u64,
    /// Whether it ever read through the whole table.
    pub(super) scans_the_table: bool,
}

/// All that a database carried out, by the log from some moment on, each statement once.
///
/// A plan is logged as
///
/// ```text
/// name LOG:  duration: 0.030 ms  plan:
///     Query Text: SELECT …
///     Index Scan using chat_pkey on chat  (cost=0.43..8.45 …) (actual …)
///       Buffers: shared hit=4 read=1
/// ```
///
/// where all lines but the first begin with a tab.
pub(super) fn statements_of(database: &str, log: &str) -> Vec<Statement> {
    let mut statements: BTreeMap<String, Statement> = BTreeMap::new();
    let begins = format!("{database} LOG:  duration: ");
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if !(line.starts_with(&begins) && line.ends_with("plan:")) {
            continue;
        }
        let mut block = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with('\t')) {
            block.push(&line[1..]);
        }
        if let Some(statement) = statement_of(&block) {
            let known = statements.entry(statement.text.clone()).or_insert(statement.clone());
            let executions = known.executions + 1;
            let most_buffers = known.most_buffers.max(statement.most_buffers);
            let scans_the_table = known.scans_the_table || statement.scans_the_table;
            *known = Statement { executions, most_buffers, scans_the_table, ..statement };
        }
    }
    statements.into_values().collect()
}

/// Of one execution.
fn statement_of(block: &[&str]) -> Option<Statement> {
    let root = block.iter().position(|line| line.contains("(cost="))?;
    let (text, plan) = block.split_at(root);
    let text = text.join(" ");
    let text = text.trim_start().strip_prefix("Query Text: ")?;
    Some(Statement {
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        plan: plan.iter().map(|line| (*line).to_owned()).collect(),
        executions: 0,
        // That of the whole comes before those of its parts.
        most_buffers: plan.iter().find_map(|line| buffers(line)).unwrap_or_default(),
        scans_the_table: plan.iter().any(|line| line.contains("Seq Scan on chat")),
    })
}

/// Of `Buffers: shared hit=4 read=1 dirtied=1, temp read=5`, the shared ones that were found or read.
fn buffers(line: &str) -> Option<u64> {
    let shared = line.trim_start().strip_prefix("Buffers: shared ")?.split(',').next()?;
    let touched = |word: &str| {
        let count = word.strip_prefix("hit=").or(word.strip_prefix("read="))?;
        count.parse::<u64>().ok()
    };
    Some(shared.split(' ').filter_map(touched).sum())
}

impl Statement {
    pub(super) fn reads(&self) -> bool {
        self.text.starts_with("SELECT")
    }

    /// Its verb and its condition.
    pub(super) fn in_short(&self) -> String {
        let verb = self.text.split(' ').next().unwrap_or_default();
        let Some((_, condition)) = self.text.split_once(" WHERE ") else {
            return format!("{verb} …");
        };
        let condition = condition.split(" RETURNING ").next().unwrap_or_default();
        format!("{verb} … WHERE {}", condition.replace(r#""chat"."#, "").replace('"', ""))
    }

    /// The nodes of the plan that touch the table or an index, without what they cost.
    pub(super) fn nodes(&self) -> String {
        let nodes = self.plan.iter().filter_map(|line| line.split_once("  (cost="));
        let nodes = nodes.map(|(node, _)| node.trim_start().trim_start_matches("->  "));
        let on_chat: Vec<_> = nodes.filter(|node| node.contains(" on ")).collect();
        on_chat.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"scale LOG:  duration: 0.030 ms  plan:
	Query Text: SELECT "chat"."id", "chat"."scope" FROM "chat" WHERE ("chat"."id" = $1)
	Index Scan using chat_pkey on chat  (cost=0.43..8.45 rows=1 width=180) (actual time=0.015..0.016 rows=1 loops=1)
	  Index Cond: (id = '0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11'::uuid)
	  Buffers: shared hit=3 read=1
other LOG:  duration: 0.030 ms  plan:
	Query Text: SELECT 7
	Result  (cost=0.00..0.01 rows=1 width=4) (actual time=0.001..0.001 rows=1 loops=1)
scale LOG:  checkpoint starting: time
scale LOG:  duration: 0.040 ms  plan:
	Query Text: SELECT "chat"."id", "chat"."scope" FROM "chat" WHERE ("chat"."id" = $1)
	Index Scan using chat_pkey on chat  (cost=0.43..8.45 rows=1 width=180) (actual time=0.020..0.021 rows=1 loops=1)
	  Buffers: shared hit=2
scale LOG:  duration: 0.051 ms  plan:
	Query Text: UPDATE chat SET attempt = attempt + 1
	         WHERE id IN (
	             SELECT id FROM chat
	         )
	         RETURNING id, audience
	Update on chat  (cost=8.60..16.62 rows=1 width=54) (actual time=0.030..0.031 rows=0 loops=1)
	  Buffers: shared hit=1, temp read=5
	  ->  Nested Loop  (cost=8.60..16.62 rows=1 width=54) (actual time=0.010..0.010 rows=0 loops=1)
	        Buffers: shared hit=1
	        ->  Seq Scan on chat chat_1  (cost=0.12..8.14 rows=1 width=30) (actual time=0.002..0.002 rows=0 loops=1)
"#;

    #[test]
    fn each_statement_of_the_database_is_told_once_with_its_most_buffers() {
        let statements = statements_of("scale", LOG);
        let [read, update] = &statements[..] else { panic!("{statements:?}") };
        assert_eq!(read.in_short(), "SELECT … WHERE (id = $1)");
        assert_eq!((read.executions, read.most_buffers, read.reads()), (2, 4, true));
        assert_eq!(read.nodes(), "Index Scan using chat_pkey on chat");
        assert!(!read.scans_the_table);
        assert_eq!((update.executions, update.most_buffers, update.reads()), (1, 1, false));
    }

    #[test]
    fn a_statement_of_several_lines_is_one() {
        let update = statements_of("scale", LOG).remove(1);
        let expected = "UPDATE … WHERE id IN ( SELECT id FROM chat )";
        assert_eq!(update.in_short(), expected);
    }

    #[test]
    fn a_scan_of_the_table_is_seen_wherever_it_stands() {
        let update = statements_of("scale", LOG).remove(1);
        assert!(update.scans_the_table);
        assert_eq!(update.nodes(), "Update on chat, Seq Scan on chat chat_1");
    }
}
