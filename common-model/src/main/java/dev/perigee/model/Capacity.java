package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * What an operator gives an edge to work with. What is null is not said, and the edge's own configuration holds.
 *
 * @param cpuCores processors, 0.1 to 1024; for those who route, the edge does nothing with it
 * @param ramMib memory for results and their keys, mebibytes, 1 to 1 048 576; the edge's cache follows it at once
 * @param diskMib disk, mebibytes, 0 to 1 073 741 824; for those who route, the edge writes nothing to disk
 * @param geo where it stands, for those who route: 1 to 64 printable characters
 */
public record Capacity(
        @Nullable Double cpuCores,
        @Nullable Integer ramMib,
        @Nullable Integer diskMib,
        @Nullable String geo) {

    /** Nothing said. */
    public static final Capacity UNSPECIFIED = new Capacity(null, null, null, null);

    private static final double LEAST_CORES = 0.1;
    private static final double MOST_CORES = 1024;
    private static final int MOST_RAM = 1 << 20;
    private static final int MOST_DISK = 1 << 30;
    private static final int MAX_GEO = 64;

    public Capacity {
        Validation.check(
                cpuCores == null || (cpuCores >= LEAST_CORES && cpuCores <= MOST_CORES),
                "cpu_cores must be 0.1 to 1024");
        Validation.check(ramMib == null || (ramMib >= 1 && ramMib <= MOST_RAM), "ram_mib must be 1 to " + MOST_RAM);
        Validation.check(
                diskMib == null || (diskMib >= 0 && diskMib <= MOST_DISK), "disk_mib must be 0 to " + MOST_DISK);
        Validation.check(
                geo == null || Validation.isPrintable(geo, MAX_GEO), "geo must be 1 to 64 printable characters");
    }
}
