use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression};
use diesel::query_builder::{AsChangeset, AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BoolOrNullableBool;

use crate::schema::chat;

/// An update of those `chats` that a condition holds for.
///
/// It does what [`diesel::update`] does, which has its statement prepared anew at every call: another round
/// trip, and as much work again for the server as the update is.
pub(crate) struct Update<C, S> {
    chats: C,
    set: S,
}

/// Sets `columns` of those `chats` that a condition holds for.
pub(crate) fn update<C, S>(chats: C, columns: S) -> Update<C, S::Changeset>
where
    C: AppearsOnTable<chat::table> + Expression<SqlType: BoolOrNullableBool>,
    S: AsChangeset<Target = chat::table>,
{
    Update { chats, set: columns.as_changeset() }
}

impl<DB: Backend, C: QueryFragment<DB>, S: QueryFragment<DB>> QueryFragment<DB> for Update<C, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE chat SET ");
        self.set.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.chats.walk_ast(out)
    }
}

impl<C, S> QueryId for Update<C, S> {
    type QueryId = ();
    /// It is known again by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}
