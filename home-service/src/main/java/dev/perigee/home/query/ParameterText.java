package dev.perigee.home.query;

import dev.perigee.web.WireJson;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a parameter given as JSON the way PostgreSQL reads it, whatever type it turns out to want. */
final class ParameterText {

    private static final int LONGEST_PLAIN = 1000;

    private ParameterText() {}

    /** The text of a JSON value; null is NULL, an array an array, an object the JSON text of the object. */
    static @Nullable String of(@Nullable Object value) {
        if (value == null) {
            return null;
        }
        if (value instanceof Collection<?> elements) {
            StringBuilder text = new StringBuilder();
            array(elements, text);
            return text.toString();
        }
        return scalar(value);
    }

    private static String scalar(Object value) {
        if (value instanceof Map<?, ?> object) {
            return WireJson.mapper().writeValueAsString(object);
        }
        if (value instanceof BigDecimal number) {
            // 1E+3 is no integer to PostgreSQL, 1000 is.
            return Math.abs((long) number.scale()) <= LONGEST_PLAIN ? number.toPlainString() : number.toString();
        }
        return value.toString();
    }

    private static void array(Collection<?> elements, StringBuilder text) {
        text.append('{');
        String separator = "";
        for (Object element : elements) {
            text.append(separator);
            separator = ",";
            if (element == null) {
                text.append("NULL");
            } else if (element instanceof Collection<?> nested) {
                array(nested, text);
            } else {
                text.append('"')
                        .append(scalar(element).replace("\\", "\\\\").replace("\"", "\\\""))
                        .append('"');
            }
        }
        text.append('}');
    }
}
