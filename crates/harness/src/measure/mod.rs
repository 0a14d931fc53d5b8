//! What measurements are made of: the service with what it needs, chats to work on, programs that send load, and
//! what the machine tells of a few seconds under it.

pub(crate) mod disk;
pub(crate) mod goal;
pub(crate) mod kind;
pub(crate) mod oha;
pub(crate) mod open_files;
pub(crate) mod other_load;
pub(crate) mod population;
pub(crate) mod proc;
pub(crate) mod processors;
pub(crate) mod scene;
pub(crate) mod script;
pub(crate) mod tool;
pub(crate) mod turn;
pub(crate) mod workload;
pub(crate) mod wrk;
