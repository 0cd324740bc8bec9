package dev.perigee.openapi;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.Role;
import dev.perigee.web.WireJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What the code does not say of an operation. */
final class Words {

    /** What every operation may answer. */
    private static final List<ProblemCode> ALWAYS = List.of(
            ProblemCode.UNAUTHORIZED,
            ProblemCode.FORBIDDEN,
            ProblemCode.NOT_ACCEPTABLE,
            ProblemCode.TOO_MANY_ATTEMPTS,
            ProblemCode.INTERNAL_ERROR);

    /** What every operation may answer that takes a body. */
    private static final List<ProblemCode> TO_BODIES = List.of(
            ProblemCode.INVALID_REQUEST,
            ProblemCode.REQUEST_TIMEOUT,
            ProblemCode.PAYLOAD_TOO_LARGE,
            ProblemCode.UNSUPPORTED_MEDIA_TYPE);

    final String tag;
    final String id;
    final String summary;
    final Set<Role> roles;
    final List<Answer> answers = new ArrayList<>();
    final Map<String, Parameter> parameters = new LinkedHashMap<>();
    final Map<String, JsonNode> requests = new LinkedHashMap<>();
    final Set<ProblemCode> problems = EnumSet.copyOf(ALWAYS);
    String description = "";
    Class<?> request;

    /** A parameter of the operation; a header if springdoc does not know of it. */
    record Parameter(String description, Object example) {}

    /**
     * One of the answers that are no error.
     *
     * @param schema the name of a schema, or null if there is no body
     * @param headers by name, what each says
     */
    record Answer(
            int status,
            String description,
            String mediaType,
            String schema,
            boolean list,
            Map<String, JsonNode> examples,
            Map<String, String> headers) {}

    private Words(String tag, String id, String summary, Role... roles) {
        this.tag = tag;
        this.id = id;
        this.summary = summary;
        this.roles = EnumSet.copyOf(Arrays.asList(roles));
    }

    static Words of(String tag, String id, String summary, Role... roles) {
        return new Words(tag, id, summary, roles);
    }

    Words says(String text) {
        description = text;
        return this;
    }

    Words parameter(String name, String meaning, Object example) {
        parameters.put(name, new Parameter(meaning, example));
        return this;
    }

    Words takes(String name, Object example) {
        request = example.getClass();
        requests.put(name, WireJson.mapper().valueToTree(example));
        problems.addAll(TO_BODIES);
        return this;
    }

    Words answersNothing(String meaning) {
        answers.add(new Answer(204, meaning, null, null, false, Map.of(), Map.of()));
        return this;
    }

    /** With a record, or several in a list. */
    Words answers(int status, String meaning, Object example) {
        boolean list = example instanceof List<?>;
        Class<?> type = (list ? ((List<?>) example).get(0) : example).getClass();
        return answer(new Answer(
                status,
                meaning,
                "application/json",
                type.getSimpleName(),
                list,
                Map.of("example", WireJson.mapper().valueToTree(example)),
                Map.of()));
    }

    Words answer(Answer answer) {
        answers.add(answer);
        return this;
    }

    Words fails(ProblemCode... codes) {
        problems.addAll(Arrays.asList(codes));
        return this;
    }

    static JsonNode json(String text) {
        return WireJson.mapper().readTree(text);
    }
}
