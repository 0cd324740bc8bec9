package dev.perigee.openapi;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.Role;
import dev.perigee.web.WireJson;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Joins what springdoc sees in a running service with what we say about it. */
final class Description {

    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");

    private static final String RESULT = """
            {"type":"object","description":"What one statement gave: rows, or how many rows it concerned.","oneOf":[
              {"type":"object","required":["columns","rows"],"properties":{
                "columns":{"type":"array","items":{"type":"object","required":["name","type"],"properties":{
                  "name":{"type":"string"},"type":{"type":"string","description":"As format_type writes it."}}}},
                "rows":{"type":"array","items":{"type":"array","items":{},
                  "description":"As many values as there are columns."}}}},
              {"type":"object","required":["row_count"],"properties":{"row_count":{"type":"integer","format":"int64"}}}]}""";

    private final ObjectNode document;
    private final Map<String, Words> words;
    private final Sources sources;

    private Description(ObjectNode document, Map<String, Words> words, Sources sources) {
        this.document = document;
        this.words = words;
        this.sources = sources;
    }

    /**
     * The whole description.
     *
     * @param seen what springdoc says
     * @param schemas of types that it does not see
     */
    static ObjectNode of(
            ObjectNode seen, ObjectNode schemas, String title, String text, Map<String, Words> words, Sources sources) {
        ObjectNode components = seen.withObject("/components/schemas");
        schemas.properties().forEach(schema -> components.set(schema.getKey(), schema.getValue()));
        Description description = new Description(seen, words, sources);
        description.head(title, text);
        description.operations();
        description.components();
        return seen;
    }

    private void head(String title, String text) {
        document.put("openapi", "3.1.0");
        ObjectNode info = document.putObject("info");
        info.put("title", title).put("version", "0.1").put("description", text);
        info.putObject("license").put("name", "Apache-2.0").put("identifier", "Apache-2.0");
        document.putArray("servers").addObject().put("url", "/");
        document.remove("tags");
    }

    private void operations() {
        Set<String> unsaid = new TreeSet<>(words.keySet());
        Set<String> undescribed = new TreeSet<>();
        ObjectNode paths = (ObjectNode) document.get("paths");
        ObjectNode sorted = document.objectNode();
        new TreeMap<>(paths.properties().stream().collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))
                .forEach(sorted::set);
        document.set("paths", sorted);
        sorted.properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(method -> METHODS.contains(method.getKey()))
                        .forEach(method -> {
                            String key = method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey();
                            Words known = words.get(key);
                            unsaid.remove(key);
                            if (known == null) {
                                undescribed.add(key);
                            } else {
                                describe((ObjectNode) method.getValue(), known);
                            }
                        }));
        if (!undescribed.isEmpty() || !unsaid.isEmpty()) {
            throw new AssertionError("openapi/src/test says nothing of " + undescribed + ", and speaks of " + unsaid
                    + ", which are not there");
        }
    }

    private void describe(ObjectNode operation, Words known) {
        JsonNode parameters = operation.get("parameters");
        operation.removeAll();
        String roles = known.roles.stream().map(Role::name).collect(Collectors.joining(" or "));
        operation.put("operationId", known.id).put("summary", known.summary);
        operation.put(
                "description",
                (known.description + "\n\nRole: " + roles + ".").strip().replaceAll("[ \\t]+", " "));
        operation.putArray("tags").add(known.tag);
        ArrayNode security = operation.putArray("security");
        known.roles.forEach(role -> security.addObject().putArray("bearer").add(role.name()));
        parameters(operation, parameters, known);
        if (known.request != null) {
            ObjectNode body = operation.putObject("requestBody").put("required", true);
            ObjectNode content = body.putObject("content").putObject("application/json");
            content.putObject("schema").put("$ref", ref(known.request.getSimpleName()));
            examples(content, known.requests);
        }
        responses(operation.putObject("responses"), known);
    }

    private void parameters(ObjectNode operation, JsonNode seen, Words known) {
        Map<String, ObjectNode> all = new LinkedHashMap<>();
        if (seen != null) {
            // All headers, or all parameters, of a request: those that count are in our words.
            seen.forEach(parameter -> {
                if (!"object".equals(parameter.at("/schema/type").asString(""))
                        && !parameter.at("/schema").has("$ref")) {
                    all.put(parameter.get("name").stringValue(), (ObjectNode) parameter);
                }
            });
        }
        known.parameters.forEach((name, said) -> {
            ObjectNode parameter = all.computeIfAbsent(name, absent -> {
                ObjectNode header = document.objectNode();
                boolean query = Character.isLowerCase(name.charAt(0));
                header.put("name", name).put("in", query ? "query" : "header").put("required", false);
                header.putObject("schema").put("type", "string");
                return header;
            });
            parameter.put("description", said.description());
            parameter.set("example", WireJson.mapper().valueToTree(said.example()));
        });
        Set<String> silent = new TreeSet<>(all.keySet());
        silent.removeAll(known.parameters.keySet());
        if (!silent.isEmpty()) {
            throw new AssertionError("openapi/src/test says nothing of " + silent + " of " + known.id);
        }
        if (!all.isEmpty()) {
            ArrayNode list = operation.putArray("parameters");
            all.values().forEach(list::add);
        }
    }

    private void responses(ObjectNode responses, Words known) {
        for (Words.Answer answer : known.answers) {
            ObjectNode response = responses.putObject(Integer.toString(answer.status()));
            response.put("description", answer.description());
            answer.headers().forEach((name, meaning) -> {
                ObjectNode header = response.withObject("/headers").putObject(name);
                header.put("description", meaning).putObject("schema").put("type", "string");
            });
            if (answer.schema() != null) {
                ObjectNode content = response.putObject("content").putObject(answer.mediaType());
                ObjectNode schema = content.putObject("schema");
                if (answer.list()) {
                    schema.put("type", "array").putObject("items").put("$ref", ref(answer.schema()));
                } else {
                    schema.put("$ref", ref(answer.schema()));
                }
                examples(content, answer.examples());
            }
        }
        Map<Integer, List<ProblemCode>> byStatus = known.problems.stream()
                .collect(Collectors.groupingBy(ProblemCode::status, TreeMap::new, Collectors.toList()));
        byStatus.forEach((status, codes) -> {
            ObjectNode response = responses.putObject(Integer.toString(status));
            response.put(
                    "description",
                    codes.stream()
                            .map(code -> "`" + code.code() + "`: " + code.title() + ".")
                            .collect(Collectors.joining(" ")));
            ObjectNode content = response.putObject("content").putObject("application/problem+json");
            content.putObject("schema").put("$ref", ref("Problem"));
            ObjectNode examples = content.putObject("examples");
            codes.forEach(code -> examples.putObject(code.code()).set("value", problem(code)));
        });
    }

    private ObjectNode problem(ProblemCode code) {
        return document.objectNode()
                .put("type", "urn:perigee:problem:" + code.code())
                .put("status", code.status())
                .put("title", code.title())
                .put("code", code.code());
    }

    private static void examples(ObjectNode content, Map<String, JsonNode> given) {
        ObjectNode examples = content.putObject("examples");
        new TreeMap<>(given).forEach((name, value) -> examples.putObject(name).set("value", value));
    }

    private void components() {
        ObjectNode schemas = document.withObject("/components/schemas");
        schemas.set("Result", Words.json(RESULT));
        schemas.set("Results", Words.json("""
                        {"type":"object","required":["results"],"properties":{"results":{"type":"array",
                         "items":{"$ref":"#/components/schemas/Result"}}}}"""));
        ObjectNode problem = schemas.putObject("Problem").put("type", "object");
        problem.put("description", "RFC 9457, with a stable code.")
                .putArray("required")
                .add("status")
                .add("title")
                .add("code");
        ObjectNode members = problem.putObject("properties");
        members.putObject("type").put("type", "string").put("description", "urn:perigee:problem: and the code.");
        members.putObject("status").put("type", "integer").put("format", "int32");
        members.putObject("title")
                .put("type", "string")
                .put("description", "The same for every occurrence of the code.");
        members.putObject("detail").put("type", "string").put("description", "What is wrong this time.");
        ArrayNode codes = members.putObject("code").put("type", "string").putArray("enum");
        Arrays.stream(ProblemCode.values()).map(ProblemCode::code).forEach(codes::add);
        members.putObject("sqlstate")
                .put("type", "string")
                .put("description", "PostgreSQL's own code, if it was asked.");
        members.putObject("statement").put("type", "integer").put("description", "Of a transaction: which one failed.");
        members.putObject("took_effect")
                .put("type", "boolean")
                .put("description", "Whether a write took effect all the same.");
        schemas.properties()
                .forEach(schema -> sources.find(
                                schema.getKey(),
                                new TreeSet<>(
                                        schema.getValue().path("properties").propertyNames()))
                        .ifPresent(described -> record((ObjectNode) schema.getValue(), described)));
        keepUsed(schemas);
        ObjectNode bearer = document.withObject("/components/securitySchemes").putObject("bearer");
        bearer.put("type", "http").put("scheme", "bearer");
        bearer.put(
                "description",
                "A token of `perigee.security.tokens`; which of its roles an operation asks for stands there.");
    }

    /** Names as on the wire, what each says, which are always there. */
    private void record(ObjectNode schema, Sources.Described described) {
        JsonNode seen = schema.get("properties");
        if (!described.text().isEmpty()) {
            schema.put("description", described.text());
        }
        ObjectNode properties = document.objectNode();
        ArrayNode required = document.arrayNode();
        described.nullable().forEach((name, nullable) -> {
            ObjectNode property = (ObjectNode) seen.get(name);
            String text = described.components().get(name);
            if (text != null) {
                property.put("description", text);
            }
            if (!nullable) {
                required.add(snake(name));
            } else if (property.has("$ref")) {
                ObjectNode either = document.objectNode();
                if (text != null) {
                    either.put("description", text);
                }
                either.putArray("anyOf")
                        .addObject()
                        .put("$ref", property.get("$ref").stringValue());
                ((ArrayNode) either.get("anyOf")).addObject().put("type", "null");
                property = either;
            } else if (property.has("type") && property.get("type").isString()) {
                String type = property.get("type").stringValue();
                property.putArray("type").add(type).add("null");
            }
            if (property.has("enum")) {
                ArrayNode lower = document.arrayNode();
                property.get("enum")
                        .forEach(value -> lower.add(value.stringValue().toLowerCase(Locale.ROOT)));
                property.set("enum", lower);
            }
            properties.set(snake(name), property);
        });
        schema.set("properties", properties);
        if (required.isEmpty()) {
            schema.remove("required");
        } else {
            schema.set("required", required);
        }
    }

    /** Those that are referred to, in the order of their names. */
    private void keepUsed(ObjectNode schemas) {
        Set<String> used = new TreeSet<>();
        refer(document.get("paths"), schemas, used);
        ObjectNode kept = document.objectNode();
        used.forEach(name -> kept.set(name, schemas.get(name)));
        document.withObject("/components").removeAll();
        document.withObject("/components").set("schemas", kept);
    }

    private static void refer(JsonNode node, ObjectNode schemas, Set<String> used) {
        if (node.isObject() && node.has("$ref")) {
            String ref = node.get("$ref").stringValue();
            String name = ref.substring(ref.lastIndexOf('/') + 1);
            if (!schemas.has(name)) {
                throw new AssertionError("there is no schema " + name);
            }
            if (used.add(name)) {
                refer(schemas.get(name), schemas, used);
            }
        }
        node.forEach(child -> refer(child, schemas, used));
    }

    private static String ref(String schema) {
        return "#/components/schemas/" + schema;
    }

    private static String snake(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
