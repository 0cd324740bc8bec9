package dev.perigee.model;

/**
 * What one home has counted about one edge, over all its sessions there since that home started.
 *
 * @param framesSent frames handed to its streams
 * @param conflated invalidations it was spared because all their tables changed again before it got to them
 * @param filtered records it was spared because none of their tables is in its interest
 * @param dropped records that concern it and were not sent although it was connected: always 0
 * @param resumes sessions that carried on where it had stopped
 * @param resets times it was told to flush
 * @param takeovers sessions that replaced one of the same edge
 * @param acksLate acknowledgements that came more than two heartbeats after the one before
 */
public record EdgeCounters(
        long framesSent,
        long conflated,
        long filtered,
        long dropped,
        long resumes,
        long resets,
        long takeovers,
        long acksLate) {

    /** Of an edge about which nothing was counted yet. */
    public static final EdgeCounters NONE = new EdgeCounters(0, 0, 0, 0, 0, 0, 0, 0);
}
