package dev.perigee.edge.cache;

/**
 * What makes two reads the same read, over whichever protocol they came: immutable, with equality decided on the whole.
 * Keys of different protocols are never equal, since the bytes kept under them are not the same.
 */
public interface ResultKey {

    /** The statement, for people. */
    String sql();

    /** How many parameters it has. */
    int paramCount();

    /** A fair guess at the memory it takes, bytes. */
    int weight();
}
