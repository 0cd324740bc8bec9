package dev.perigee.edge.link;

import dev.perigee.model.EdgeConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The homes of this edge, the preferred first, and which of them has the stream or, while none has, was asked for it
 * last. Thread-safe.
 *
 * <p>The stream and a statement may well be at different homes. Versions are positions in the one database's log, the
 * same at every home, and each home stamps a result by its own gate: so the watermarks that one home's stream has raised
 * judge what another home has read, and a result that lacks a change is refused at admission or falls when that change
 * comes.
 */
public final class Homes {

    private final List<List<String>> fromEach;
    private volatile int current;

    private Homes(List<List<String>> fromEach) {
        this.fromEach = fromEach;
    }

    /** Those of this configuration. */
    public static Homes of(EdgeConfig config) {
        List<String> urls = config.homeUrls().stream()
                .map(url -> url.toString().replaceFirst("/+$", ""))
                .distinct()
                .toList();
        if (urls.isEmpty()) {
            throw new IllegalArgumentException("an edge needs a home");
        }
        List<List<String>> fromEach = new ArrayList<>();
        for (int i = 0; i < urls.size(); i++) {
            List<String> order = new ArrayList<>(urls.subList(i, urls.size()));
            order.addAll(urls.subList(0, i));
            fromEach.add(List.copyOf(order));
        }
        return new Homes(List.copyOf(fromEach));
    }

    /** The base URL of the home that has the stream, or was asked for it last; without a slash at its end. */
    public String current() {
        return fromCurrent().get(0);
    }

    /** All of them, each once: {@link #current} first, then as they follow one another in the configuration, round. */
    public List<String> fromCurrent() {
        return fromEach.get(current);
    }

    int size() {
        return fromEach.size();
    }

    /** The stream is asked of this one now, by its place in the configuration. */
    void use(int index) {
        current = index;
    }
}
