package dev.perigee.e2e;

import dev.perigee.web.WireJson;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;

/**
 * A query of the dashboard or of an alert, as far as it names metrics and labels.
 *
 * @param where what asks it
 * @param expression in PromQL
 * @param shown the labels that its legend, variable or text shows
 */
record PromQuery(String where, String expression, Set<String> shown) {

    /** What Prometheus adds to each series it scrapes. */
    private static final Set<String> ADDED = Set.of("job", "instance");

    private static final Set<String> OPERATORS =
            Set.of("and", "or", "unless", "by", "without", "on", "ignoring", "bool", "group_left", "group_right");
    /** Not of a service: whether it was scraped, and what fires. */
    private static final Set<String> OF_PROMETHEUS = Set.of("up", "ALERTS");

    private static final Pattern GROUPING = Pattern.compile("\\b(?:by|on)\\s*\\(([^)]*)\\)");
    private static final Pattern SELECTOR = Pattern.compile("\\b([A-Za-z_]\\w*)\\b(?!\\s*\\()(?:\\{([^}]*)})?");
    private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
    private static final Pattern VARIABLE = Pattern.compile("label_values\\((.*),\\s*(\\w+)\\)");
    private static final Pattern LEGEND = Pattern.compile("\\{\\{\\s*(\\w+)\\s*}}");
    private static final Pattern IN_TEXT = Pattern.compile("\\$labels\\.(\\w+)");

    /** A series of a scrape. */
    record Series(String name, Map<String, String> labels) {

        private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

        /** Those of a scrape in Prometheus' text format. */
        static List<Series> of(String scrape) {
            return scrape.lines()
                    .filter(line -> !line.startsWith("#") && !line.isBlank())
                    .map(Series::ofLine)
                    .toList();
        }

        private static Series ofLine(String line) {
            int end = line.indexOf('{') < 0 ? line.indexOf(' ') : line.indexOf('{');
            Map<String, String> labels = LABEL.matcher(line.substring(end))
                    .results()
                    .collect(Collectors.toMap(label -> label.group(1), label -> label.group(2)));
            return new Series(line.substring(0, end), labels);
        }
    }

    /** Everything that a dashboard of Grafana asks: its panels, its variables, its annotations. */
    static List<PromQuery> ofDashboard(Path file) throws IOException {
        List<PromQuery> found = new ArrayList<>();
        collect(WireJson.mapper().readTree(Files.readString(file)), "the dashboard", found);
        return found;
    }

    private static void collect(JsonNode node, String title, List<PromQuery> found) {
        String here = node.path("title").asString(node.path("name").asString(title));
        if (node.path("expr").isString()) {
            found.add(new PromQuery(
                    here,
                    node.get("expr").asString(),
                    labels(LEGEND, node.path("legendFormat").asString(""))));
        }
        Matcher variable = VARIABLE.matcher(node.path("query").path("query").asString(""));
        if (variable.matches()) {
            found.add(new PromQuery(here, variable.group(1), Set.of(variable.group(2))));
        }
        node.forEach(child -> collect(child, here, found));
    }

    /** Everything that the alerts of a file of rules ask. */
    static List<PromQuery> ofRules(Path file) throws IOException {
        List<PromQuery> found = new ArrayList<>();
        for (Map<?, ?> rule : rules(file)) {
            found.add(new PromQuery(
                    String.valueOf(rule.get("alert")),
                    String.valueOf(rule.get("expr")),
                    labels(IN_TEXT, String.valueOf(rule.get("annotations")))));
        }
        return found;
    }

    /** The rules of all groups of a file. */
    static List<Map<?, ?>> rules(Path file) throws IOException {
        List<Map<?, ?>> rules = new ArrayList<>();
        try (Reader text = Files.newBufferedReader(file)) {
            Map<String, List<Map<String, List<Map<?, ?>>>>> all = new Yaml().load(text);
            for (Map<String, List<Map<?, ?>>> group : all.getOrDefault("groups", List.of())) {
                rules.addAll(group.getOrDefault("rules", List.of()));
            }
        }
        return rules;
    }

    private static Set<String> labels(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(label -> label.group(1)).collect(Collectors.toSet());
    }

    /** The metrics it names, without those of Prometheus itself. */
    Set<String> metrics() {
        return selectors().stream().map(selector -> selector.group(1)).collect(Collectors.toSet());
    }

    private List<MatchResult> selectors() {
        // Neither groupings nor ranges are selectors. Of what is in quotes only label values are left, which are in
        // braces.
        String rest = GROUPING.matcher(expression).replaceAll(" ").replaceAll("\\[[^]]*]", " ");
        return SELECTOR.matcher(rest)
                .results()
                .filter(selector ->
                        !OPERATORS.contains(selector.group(1)) && !OF_PROMETHEUS.contains(selector.group(1)))
                .toList();
    }

    /** What it names and no series has, one line each; nothing if it can be answered. */
    List<String> missing(List<Series> scraped) {
        Set<String> grouped = GROUPING.matcher(expression)
                .results()
                .flatMap(grouping -> Pattern.compile("\\s*,\\s*")
                        .splitAsStream(grouping.group(1).strip()))
                .collect(Collectors.toCollection(LinkedHashSet::new));
        List<String> missing = new ArrayList<>();
        for (MatchResult selector : selectors()) {
            List<Series> named = scraped.stream()
                    .filter(series -> series.name().equals(selector.group(1)))
                    .filter(series -> matches(series, selector.group(2)))
                    .toList();
            if (named.isEmpty()) {
                missing.add(where + ": " + selector.group());
                continue;
            }
            Set<String> wanted = new LinkedHashSet<>(grouped);
            wanted.addAll(shown);
            wanted.removeAll(ADDED);
            named.forEach(series -> wanted.removeAll(series.labels().keySet()));
            wanted.forEach(label -> missing.add(where + ": " + selector.group(1) + " has no label " + label));
        }
        return missing;
    }

    private static boolean matches(Series series, String matchers) {
        return matchers == null
                || MATCHER.matcher(matchers)
                        .results()
                        .filter(matcher -> !ADDED.contains(matcher.group(1)))
                        .allMatch(matcher -> matcher.group(2).equals("=")
                                ? matcher.group(3).equals(series.labels().get(matcher.group(1)))
                                : series.labels().containsKey(matcher.group(1)));
    }
}
