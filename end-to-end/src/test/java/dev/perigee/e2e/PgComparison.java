package dev.perigee.e2e;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs scripts through an edge and straight to the server, and compares every byte of the answers. */
final class PgComparison {

    private static final int MOST_SHOWN = 25;

    private final int server;
    private final int edge;
    private final List<String> found = new ArrayList<>();
    private final Map<PgDifference, Integer> used = new EnumMap<>(PgDifference.class);
    private long statements;
    private long bytes;
    private long messages;

    /** Compares what these two say, by their ports. */
    PgComparison(int server, int edge) {
        this.server = server;
        this.edge = edge;
    }

    /** Straight to the server first, then twice through the edge, each time all of them. */
    void run(List<PgScript> scripts, Runnable beforeSecond) {
        List<List<List<PgReply>>> direct = new ArrayList<>();
        for (PgScript script : scripts) {
            direct.add(script.run(server));
            statements +=
                    script.steps().stream().mapToInt(PgScript.Step::statements).sum();
        }
        pass(scripts, direct, "first pass");
        beforeSecond.run();
        pass(scripts, direct, "second pass");
    }

    private void pass(List<PgScript> scripts, List<List<List<PgReply>>> direct, String pass) {
        for (int i = 0; i < scripts.size(); i++) {
            PgScript script = scripts.get(i);
            try {
                compare(script, direct.get(i), script.run(edge), pass);
            } catch (RuntimeException failure) {
                found.add(script.name() + ", " + pass + ": " + failure);
            }
        }
    }

    private void compare(PgScript script, List<List<PgReply>> direct, List<List<PgReply>> through, String pass) {
        for (int i = 0; i < direct.size(); i++) {
            PgScript.Step step = i == 0 ? null : script.steps().get(i - 1);
            String where = script.name() + ", " + pass + ", step " + i + " " + (step == null ? "" : step.shown());
            Set<PgDifference> allowed = step == null ? Set.of() : step.allowed();
            if (!compare(direct.get(i), through.get(i), allowed, where)) {
                return;
            }
        }
    }

    private boolean compare(List<PgReply> direct, List<PgReply> through, Set<PgDifference> allowed, String where) {
        for (int i = 0; i < Math.max(direct.size(), through.size()); i++) {
            PgReply expected = i < direct.size() ? direct.get(i) : null;
            PgReply actual = i < through.size() ? through.get(i) : null;
            Set<PgDifference> between =
                    expected == null || actual == null ? null : PgDifference.between(expected, actual, allowed);
            if (between == null) {
                found.add(where + "\n    message " + i + "\n    server: " + expected + "\n    edge:   " + actual
                        + "\n    all of the server's: " + brief(direct) + "\n    all of the edge's:   "
                        + brief(through));
                return false;
            }
            between.forEach(difference -> used.merge(difference, 1, Integer::sum));
            messages++;
            bytes += expected.size();
        }
        return true;
    }

    private static String brief(List<PgReply> replies) {
        StringBuilder out = new StringBuilder();
        replies.forEach(reply -> out.append(reply.type()).append(reply.type() == 'E' ? reply.field('C') : ""));
        return out.length() > 200 ? out.substring(0, 200) + "…" : out.toString();
    }

    /** What differs that may not; the first ones. */
    List<String> found() {
        return found.size() > MOST_SHOWN ? found.subList(0, MOST_SHOWN) : found;
    }

    /** How many statements were run each time. */
    long statements() {
        return statements;
    }

    String figures() {
        StringBuilder out = new StringBuilder();
        out.append(statements).append(" statements three times, ");
        out.append(messages).append(" messages and ").append(bytes).append(" bytes compared; allowed differences:");
        used.forEach((difference, times) -> out.append("\n    ")
                .append(difference)
                .append(' ')
                .append(times)
                .append(" times: ")
                .append(difference.reason()));
        return out.toString();
    }
}
