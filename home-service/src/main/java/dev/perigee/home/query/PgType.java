package dev.perigee.home.query;

import java.util.List;

/** How the values of a type become JSON. */
sealed interface PgType {

    /** Name in the catalog, without a schema. */
    String name();

    /** Anything that is not made of other values. */
    record Scalar(String name, Form form) implements PgType {}

    /**
     * An array.
     *
     * @param element object id of the elements' type
     * @param delimiter between them
     */
    record Array(String name, int element, char delimiter) implements PgType {}

    /** {@code int2vector} and {@code oidvector}: arrays in their own notation. */
    record Vector(String name, int element) implements PgType {}

    /** A row type. */
    record Composite(String name, List<Attribute> attributes) implements PgType {}

    /** A type with another behind it. */
    record Domain(String name, int base) implements PgType {}

    /**
     * A part of a row type.
     *
     * @param type object id
     */
    record Attribute(String name, int type) {}

    /** How a scalar looks in JSON. */
    enum Form {
        BOOLEAN,
        NUMBER,
        JSON,
        /** A date and a time: with a T between them. */
        TIMESTAMP,
        /** Likewise, and with minutes in the offset. */
        TIMESTAMP_WITH_ZONE,
        STRING
    }
}
