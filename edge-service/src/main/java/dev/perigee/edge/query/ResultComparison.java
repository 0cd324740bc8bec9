package dev.perigee.edge.query;

import dev.perigee.web.WireJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Compares two answers to one statement, as far as they say the same: rows in another order are the same, since a query
 * without ORDER BY may come back in any. Not for an event loop: it takes the answers apart.
 */
final class ResultComparison {

    /** By how much, relatively, a computed number may differ for another order of computing it. */
    private static final Map<String, Double> FLOATS = Map.of("float4", 1e-4, "float8", 1e-9);

    /** Sums near zero may differ by any factor. */
    private static final Pattern SUMMING =
            Pattern.compile("\\b(sum|avg|stddev\\w*|var\\w*|corr|covar\\w*|regr\\w*)\\b", Pattern.CASE_INSENSITIVE);

    /** Words after which a result depends on an order that, without ORDER BY, is left open. */
    private static final Pattern ORDER_DEPENDENT = Pattern.compile(
            "\\b(limit|fetch|offset|over|distinct\\s+on|\\w*agg|first_value|last_value|nth_value|row_number)\\b",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern ORDERED = Pattern.compile("\\border\\s+by\\b", Pattern.CASE_INSENSITIVE);

    /** Where a row lies may change without the row. */
    private static final Pattern PHYSICAL =
            Pattern.compile("\\b(ctid|xmin|xmax|cmin|cmax|tableoid|tablesample)\\b", Pattern.CASE_INSENSITIVE);

    /** How two answers stand to each other. */
    enum Outcome {
        SAME,
        /** But for the last digits of floating-point columns. */
        CLOSE,
        DIFFERENT,
        UNREADABLE
    }

    private record Row(String exact, List<Measure> floats) {}

    private record Measure(double value, double tolerance) {}

    private ResultComparison() {}

    /** Compares the bodies of two answers to a statement. */
    static Outcome compare(String sql, byte[] one, byte[] other) {
        if (Arrays.equals(one, other)) {
            return Outcome.SAME;
        }
        try {
            boolean summing = SUMMING.matcher(sql).find();
            return compare(WireJson.mapper().readTree(one), WireJson.mapper().readTree(other), summing);
        } catch (JacksonException unreadable) {
            return Outcome.UNREADABLE;
        }
    }

    /** Whether the statement by itself leaves open what it answers, as far as its words tell. */
    static boolean isUndetermined(String sql) {
        return PHYSICAL.matcher(sql).find()
                || (ORDER_DEPENDENT.matcher(sql).find() && !ORDERED.matcher(sql).find());
    }

    private static Outcome compare(JsonNode one, JsonNode other, boolean summing) {
        JsonNode columns = one.get("columns");
        JsonNode rows = one.get("rows");
        JsonNode otherRows = other.get("rows");
        if (columns == null || rows == null || otherRows == null) {
            return Outcome.UNREADABLE;
        }
        if (!columns.equals(other.get("columns")) || rows.size() != otherRows.size()) {
            return Outcome.DIFFERENT;
        }
        if (texts(rows).equals(texts(otherRows))) {
            return Outcome.SAME;
        }
        Map<Integer, Double> floats = new TreeMap<>();
        for (int i = 0; i < columns.size(); i++) {
            Double tolerance = FLOATS.get(columns.get(i).path("type").asString(""));
            if (tolerance != null) {
                floats.put(i, summing ? Double.POSITIVE_INFINITY : tolerance);
            }
        }
        return !floats.isEmpty() && isClose(split(rows, floats), split(otherRows, floats))
                ? Outcome.CLOSE
                : Outcome.DIFFERENT;
    }

    private static List<String> texts(JsonNode rows) {
        List<String> texts = new ArrayList<>(rows.size());
        for (JsonNode row : rows) {
            texts.add(row.toString());
        }
        texts.sort(Comparator.naturalOrder());
        return texts;
    }

    /** Each row without its floats, and they beside it. */
    private static List<Row> split(JsonNode rows, Map<Integer, Double> floats) {
        List<Row> split = new ArrayList<>(rows.size());
        for (JsonNode row : rows) {
            StringBuilder exact = new StringBuilder();
            List<Measure> numbers = new ArrayList<>();
            for (int i = 0; i < row.size(); i++) {
                JsonNode value = row.get(i);
                Double tolerance = floats.get(i);
                if (tolerance != null && value.isNumber()) {
                    numbers.add(new Measure(value.doubleValue(), tolerance));
                } else {
                    exact.append(value).append(',');
                }
            }
            split.add(new Row(exact.toString(), numbers));
        }
        split.sort(Comparator.comparing(Row::exact).thenComparing(Row::floats, ResultComparison::order));
        return split;
    }

    private static int order(List<Measure> one, List<Measure> other) {
        for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
            int order = Double.compare(one.get(i).value(), other.get(i).value());
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(one.size(), other.size());
    }

    private static boolean isClose(List<Row> one, List<Row> other) {
        for (int i = 0; i < one.size(); i++) {
            Row row = one.get(i);
            Row match = other.get(i);
            if (!row.exact().equals(match.exact())
                    || row.floats().size() != match.floats().size()) {
                return false;
            }
            for (int f = 0; f < row.floats().size(); f++) {
                double a = row.floats().get(f).value();
                double b = match.floats().get(f).value();
                double tolerance = row.floats().get(f).tolerance();
                if (tolerance < 1 && Math.abs(a - b) > tolerance * Math.max(Math.abs(a), Math.abs(b))) {
                    return false;
                }
            }
        }
        return true;
    }
}
