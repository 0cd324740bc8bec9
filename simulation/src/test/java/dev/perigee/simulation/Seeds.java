package dev.perigee.simulation;

import dev.perigee.simulation.Coverage.Happened;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** Runs seeds from the command line: the first, how many, and anything more to stop at the first that fails. */
final class Seeds {

    private Seeds() {}

    public static void main(String[] arguments) {
        long first = Long.parseLong(arguments[0]);
        long count = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
        Coverage coverage = new Coverage();
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long began = threads.getCurrentThreadCpuTime();
        long failed = 0;
        for (long seed = first; seed < first + count && (failed == 0 || arguments.length < 3); seed++) {
            if ((seed - first) % 100 == 99) {
                System.err.printf("%d, %.1f s%n", seed, (threads.getCurrentThreadCpuTime() - began) / 1e9);
            }
            String failure = Simulation.run(seed, coverage);
            if (failure != null) {
                failed++;
                System.out.println(failed <= 1 ? failure : failure.substring(0, failure.indexOf('\n')));
            }
        }
        double seconds = (threads.getCurrentThreadCpuTime() - began) / 1e9;
        System.out.printf(
                "%d seeds, %d failed, %d steps in %.1f s of processor time: %.0f a second%n%s%n",
                count, failed, coverage.of(Happened.STEPS), seconds, coverage.of(Happened.STEPS) / seconds, coverage);
    }
}
