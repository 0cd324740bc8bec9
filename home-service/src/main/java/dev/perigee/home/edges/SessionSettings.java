package dev.perigee.home.edges;

import java.time.Duration;

/**
 * What all sessions of a home have in common.
 *
 * @param homeId the home
 * @param heartbeat after how long without a frame an edge that is in step gets a bookmark
 * @param window how many frames may be unacknowledged
 * @param liveness after how long without an acknowledgement an edge counts as dead
 */
record SessionSettings(String homeId, Duration heartbeat, int window, Duration liveness) {}
