package dev.perigee.model;

/** The data of one Server-Sent Event on the stream from home to an edge. */
public sealed interface StreamEvent permits Hello, InvalidationEvent, Bookmark, Reset, Eligibility, Goodbye {

    /** The {@code event:} field of the frame that carries this. */
    String eventName();
}
