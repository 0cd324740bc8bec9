package dev.perigee.e2e;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What one session says, step by step, waiting for the answer after each; the same however often it is run. */
final class PgScript {

    private final String name;
    private final Map<String, String> startup = new LinkedHashMap<>();
    private final List<Step> steps = new ArrayList<>();

    /**
     * A step.
     *
     * @param send what is sent
     * @param cycles how many ReadyForQuery end its answer, if nothing else does
     * @param until types of messages that end its answer too
     * @param statements how many statements are in it
     * @param allowed in what the answers may differ
     * @param shown for people
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Step(byte[] send, int cycles, String until, int statements, Set<PgDifference> allowed, String shown) {}

    /** A session of the user {@code postgres}. */
    PgScript(String name, String database) {
        this.name = name;
        with("user", "postgres");
        with("database", database);
    }

    /** A parameter of the start-up packet. */
    PgScript with(String parameter, String value) {
        startup.put(parameter, value);
        return this;
    }

    String name() {
        return name;
    }

    List<Step> steps() {
        return steps;
    }

    /** A message Query. */
    PgScript query(String sql, PgDifference... allowed) {
        return step(PgMessages.query(sql), 1, "", 1, sql, allowed);
    }

    /** All of a statement by the extended protocol. */
    PgScript extended(String sql, String... parameters) {
        return step(PgMessages.extended(sql, parameters), 1, "", 1, "extended " + sql);
    }

    /** Messages that so many ReadyForQuery follow. */
    PgScript send(int cycles, byte[]... messages) {
        byte[] all = PgMessages.all(messages);
        return step(all, cycles, "", count(all), new PgReply('>', all).toString());
    }

    /** Messages whose answer ends with one of these types, or an error. */
    PgScript sendUntil(String types, byte[]... messages) {
        byte[] all = PgMessages.all(messages);
        return step(all, 1, types + "E", count(all), new PgReply('>', all).toString());
    }

    PgScript step(byte[] send, int cycles, String until, int statements, String shown, PgDifference... allowed) {
        String brief = shown.length() > 2000 ? shown.substring(0, 2000) + "…" : shown;
        steps.add(new Step(send, cycles, until, statements, Set.of(allowed), brief));
        return this;
    }

    /** How many are run by messages Query and Execute. */
    private static int count(byte[] messages) {
        int count = 0;
        int at = 0;
        while (at + 5 <= messages.length) {
            count += messages[at] == 'Q' || messages[at] == 'E' || messages[at] == 'F' ? 1 : 0;
            int length = (messages[at + 1] & 0xff) << 24
                    | (messages[at + 2] & 0xff) << 16
                    | (messages[at + 3] & 0xff) << 8
                    | (messages[at + 4] & 0xff);
            at += 1 + Math.max(length, 4);
        }
        return count;
    }

    /** Runs it: what came back at the start and after each step. */
    List<List<PgReply>> run(int port) {
        List<List<PgReply>> answers = new ArrayList<>();
        try (PgFrontend client = PgFrontend.connect(port, startup, "secret")) {
            answers.add(client.greeting());
            for (Step step : steps) {
                int[] left = {step.cycles()};
                client.send(step.send());
                answers.add(client.readUntil(
                        reply -> step.until().indexOf(reply.type()) >= 0 || (reply.type() == 'Z' && --left[0] == 0)));
            }
        }
        return answers;
    }
}
