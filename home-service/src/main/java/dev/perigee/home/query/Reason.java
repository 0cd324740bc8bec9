package dev.perigee.home.query;

import java.util.Locale;

/** Why a result may not be kept: the values of {@code Perigee-Cacheability} beside {@code cacheable}. */
enum Reason {
    /** It writes, or may. */
    WRITE,
    /** It locks rows. */
    LOCKING,
    /** Something in it is not IMMUTABLE: its value may change while no table does. */
    VOLATILE_FUNCTION,
    /** It calls code of users that the configuration does not allow. */
    USER_FUNCTION,
    /** It reads the system catalogs, whose changes are not in the feed. */
    SYSTEM_CATALOG,
    TEMPORARY_TABLE,
    UNLOGGED_TABLE,
    FOREIGN_TABLE,
    MATERIALIZED_VIEW,
    /** It reads a table whose changes are not published. */
    NOT_PUBLISHED,
    /** It reads a table with row-level security, whose policies may depend on anything. */
    ROW_SECURITY,
    /** SHOW, EXPLAIN, VACUUM and the like. */
    UTILITY,
    /** Its text is not understood. */
    UNPARSABLE,
    /** PostgreSQL does not accept it: a relation, column or function is unknown, or worse. */
    UNKNOWN_RELATION,
    /** Whatever else. */
    UNSUPPORTED,
    /** The change feed does not say at present what is visible. */
    GATE_CLOSED,
    /** It is part of a transaction. */
    TRANSACTION,
    /** Of a session elsewhere: home's role does not find its schemas. */
    SEARCH_PATH,
    /** Of a session elsewhere: it is in another database. */
    OTHER_DATABASE;

    /** As it is written on the wire: {@code volatile-function}. */
    String code() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
