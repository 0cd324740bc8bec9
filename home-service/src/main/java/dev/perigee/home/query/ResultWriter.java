package dev.perigee.home.query;

import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Writes results as JSON, each value exactly as PostgreSQL's {@code to_json} would (manual, "JSON Functions and
 * Operators"; source, json.c), from its text format. Two things the text does not tell: the types within an anonymous
 * record, so that one is written as its text; and a cast to json that an extension brings along, so those values are
 * strings too.
 */
final class ResultWriter {

    private final IntFunction<PgType> types;
    private final StringBuilder out;

    /**
     * Writes to the end of this text.
     *
     * @param types by object id
     */
    ResultWriter(IntFunction<PgType> types, StringBuilder out) {
        this.types = types;
        this.out = out;
    }

    /** Columns and rows; or how many rows were concerned. */
    void write(RowSet result) {
        List<RowSet.Column> columns = result.columns();
        if (columns == null) {
            out.append("{\"row_count\":").append(result.count()).append('}');
            return;
        }
        out.append("{\"columns\":[");
        for (int i = 0; i < columns.size(); i++) {
            out.append(i == 0 ? "{\"name\":" : ",{\"name\":");
            JsonText.append(out, columns.get(i).name());
            out.append(",\"type\":");
            JsonText.append(out, types.apply(columns.get(i).type()).name());
            out.append('}');
        }
        out.append("],\"rows\":[");
        for (int i = 0; i < result.rows().size(); i++) {
            out.append(i == 0 ? "[" : ",[");
            row(columns, result.rows().get(i));
            out.append(']');
        }
        out.append("]}");
    }

    private void row(List<RowSet.Column> columns, List<@Nullable String> values) {
        for (int i = 0; i < values.size(); i++) {
            if (i > 0) {
                out.append(',');
            }
            value(columns.get(i).type(), values.get(i));
        }
    }

    private void value(int type, @Nullable String text) {
        if (text == null) {
            out.append("null");
            return;
        }
        PgType known = types.apply(type);
        if (known instanceof PgType.Scalar scalar) {
            scalar(scalar.form(), text);
        } else if (known instanceof PgType.Domain domain) {
            value(domain.base(), text);
        } else if (known instanceof PgType.Array array) {
            array(array, new NestedText(text));
        } else if (known instanceof PgType.Vector vector) {
            vector(vector, text);
        } else if (known instanceof PgType.Composite composite) {
            composite(composite, text);
        }
    }

    private void scalar(PgType.Form form, String text) {
        switch (form) {
            case BOOLEAN -> out.append(text.equals("t"));
            case NUMBER -> {
                char last = text.charAt(text.length() - 1);
                if (last >= '0' && last <= '9') {
                    out.append(text);
                } else {
                    JsonText.append(out, text); // NaN, Infinity
                }
            }
            case JSON -> out.append(text);
            case TIMESTAMP -> JsonText.append(out, text.replace(' ', 'T').replace("TBC", " BC"));
            case TIMESTAMP_WITH_ZONE ->
                JsonText.append(out, withMinutes(text.replace(' ', 'T').replace("TBC", " BC")));
            case STRING -> JsonText.append(out, text);
        }
    }

    /** An offset of whole hours is written {@code +00} in text and {@code +00:00} in JSON. */
    private static String withMinutes(String timestamp) {
        String era = timestamp.endsWith(" BC") ? " BC" : "";
        String time = timestamp.substring(0, timestamp.length() - era.length());
        int sign = Math.max(time.lastIndexOf('+'), time.lastIndexOf('-'));
        boolean wholeHours = sign == time.length() - 3 && time.indexOf('T') >= 0;
        return wholeHours ? time + ":00" + era : timestamp;
    }

    private void array(PgType.Array array, NestedText text) {
        if (text.peek() == '[') {
            text.skipPast('='); // bounds that do not begin at 1
        }
        dimension(array, text);
    }

    private void dimension(PgType.Array array, NestedText text) {
        text.expect('{');
        out.append('[');
        if (text.peek() != '}') {
            do {
                if (text.peek() == '{') {
                    dimension(array, text);
                } else {
                    value(array.element(), text.element(array.delimiter()));
                }
                if (text.peek() == array.delimiter()) {
                    out.append(',');
                }
            } while (text.skip(array.delimiter()));
        }
        text.expect('}');
        out.append(']');
    }

    private void vector(PgType.Vector vector, String text) {
        out.append('[');
        String separator = "";
        for (String element : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
            out.append(separator);
            value(vector.element(), element);
            separator = ",";
        }
        out.append(']');
    }

    private void composite(PgType.Composite composite, String text) {
        List<@Nullable String> fields = NestedText.fields(text);
        if (fields.size() != composite.attributes().size()) {
            // The type has been altered this moment.
            JsonText.append(out, text);
            return;
        }
        out.append('{');
        for (int i = 0; i < fields.size(); i++) {
            PgType.Attribute attribute = composite.attributes().get(i);
            if (i > 0) {
                out.append(',');
            }
            JsonText.append(out, attribute.name());
            out.append(':');
            value(attribute.type(), fields.get(i));
        }
        out.append('}');
    }
}
