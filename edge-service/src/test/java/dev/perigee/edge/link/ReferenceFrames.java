package dev.perigee.edge.link;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The frames of a stream as the standard has it (WHATWG HTML, "Interpreting an event stream"), written down line by line
 * and for nothing else than to be compared with. Unlike there, an id stands for its own frame only, and space around
 * names and ids does not count.
 */
final class ReferenceFrames {

    private final List<LinkEvent.Frame> frames = new ArrayList<>();
    private String name;
    private String id;
    private StringBuilder data;

    static List<LinkEvent.Frame> of(byte[] stream) {
        String text = new String(stream, StandardCharsets.UTF_8);
        if (text.startsWith("\ufeff")) {
            text = text.substring(1);
        }
        ReferenceFrames reference = new ReferenceFrames();
        String rest = text;
        for (int end = end(rest); end >= 0; end = end(rest)) {
            reference.line(rest.substring(0, end));
            rest = rest.substring(rest.startsWith("\r\n", end) ? end + 2 : end + 1);
        }
        // What stands after the last line's end, and a frame without the empty line after it, are no part of it.
        return reference.frames;
    }

    private static int end(String text) {
        int cr = text.indexOf('\r');
        int lf = text.indexOf('\n');
        return cr < 0 || lf < 0 ? Math.max(cr, lf) : Math.min(cr, lf);
    }

    private void line(String line) {
        if (line.isEmpty()) {
            dispatch();
            return;
        }
        int colon = line.indexOf(':');
        String field = colon < 0 ? line : line.substring(0, colon);
        String value = colon < 0 ? "" : line.substring(colon + 1);
        switch (field) {
            case "event" -> name = value.trim();
            case "id" -> id = value.trim();
            case "data" ->
                data = (data == null ? new StringBuilder() : data)
                        .append(value.startsWith(" ") ? value.substring(1) : value)
                        .append('\n');
            default -> {}
        }
    }

    private void dispatch() {
        if (data != null) {
            frames.add(new LinkEvent.Frame(
                    1, name == null || name.isEmpty() ? null : name, id, data.substring(0, data.length() - 1)));
        }
        name = null;
        id = null;
        data = null;
    }
}
