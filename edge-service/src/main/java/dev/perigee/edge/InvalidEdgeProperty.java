package dev.perigee.edge;

/** The edge cannot start as it is configured. The message names the property. */
public final class InvalidEdgeProperty extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public InvalidEdgeProperty(String message) {
        super(message);
    }
}
