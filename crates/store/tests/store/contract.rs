//! The store keeps the contracts of its ports.

mod postgres {
    use crate::fresh_postgres;

    chats_testkit::chat_store_contract!(fresh_postgres());
    chats_testkit::bulk_store_contract!(fresh_postgres());
    chats_testkit::stamp_contract!(
        fresh_postgres(),
        chats_testkit::contract::chat_store::model,
        [any_story_ends_as_it_does_in_memory]
    );
}

mod postgres_of_a_mere_user {
    use crate::fresh_postgres_of_a_mere_user;

    chats_testkit::chat_store_contract!(fresh_postgres_of_a_mere_user());
    chats_testkit::bulk_store_contract!(fresh_postgres_of_a_mere_user());
}

mod postgres_behind_a_pooler {
    use crate::fresh_postgres_behind_a_pooler;

    chats_testkit::chat_store_contract!(fresh_postgres_behind_a_pooler());
    chats_testkit::bulk_store_contract!(fresh_postgres_behind_a_pooler());
    chats_testkit::stamp_contract!(
        fresh_postgres_behind_a_pooler(),
        chats_testkit::contract::chat_store::model,
        [any_story_ends_as_it_does_in_memory]
    );
}

mod sqlite {
    use crate::fresh_sqlite;

    chats_testkit::chat_store_contract!(fresh_sqlite());
    chats_testkit::bulk_store_contract!(fresh_sqlite());
    chats_testkit::stamp_contract!(
        fresh_sqlite(),
        chats_testkit::contract::chat_store::model,
        [any_story_ends_as_it_does_in_memory]
    );
}
