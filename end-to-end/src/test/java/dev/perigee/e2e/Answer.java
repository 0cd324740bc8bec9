package dev.perigee.e2e;

import dev.perigee.web.WireJson;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** What a service answered. */
record Answer(int status, String cacheStatus, String version, String body, HttpResponse<String> response) {

    static Answer of(HttpResponse<String> response) {
        return new Answer(
                response.statusCode(),
                response.headers().firstValue("Cache-Status").orElse(""),
                response.headers().firstValue("Perigee-Version").orElse(""),
                response.body(),
                response);
    }

    boolean isHit() {
        return cacheStatus.contains("; hit");
    }

    JsonNode json() {
        return WireJson.mapper().readTree(body);
    }

    /** The elements of an array. */
    List<JsonNode> list() {
        return StreamSupport.stream(json().spliterator(), false).toList();
    }

    /** The first column of every row, as text. */
    List<String> column() {
        return StreamSupport.stream(json().get("rows").spliterator(), false)
                .map(row -> row.get(0).asString())
                .toList();
    }

    String code() {
        return json().get("code").asString();
    }

    String header(String name) {
        return response.headers().firstValue(name).orElse("");
    }
}
