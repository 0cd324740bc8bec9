package dev.perigee.home.wal;

/**
 * The name of this home instance, in hellos, replication slots and WAL messages. Unique among the homes of a database.
 *
 * @param value letters, digits, dots, dashes and underscores
 */
public record HomeId(String value) {

    private static final int MAX_LENGTH = 64;

    public HomeId {
        if (!value.matches("[A-Za-z0-9._-]{1," + MAX_LENGTH + "}")) {
            throw new IllegalArgumentException(
                    "perigee.home.id must be 1 to " + MAX_LENGTH + " letters, digits, dots, dashes and underscores");
        }
    }
}
