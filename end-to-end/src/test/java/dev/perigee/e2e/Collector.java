package dev.perigee.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** Takes spans as an OpenTelemetry collector does: OTLP over HTTP, in protobuf. */
final class Collector implements AutoCloseable {

    private final HttpServer server;
    private final List<Seen> spans = new CopyOnWriteArrayList<>();

    /** One span, ids in hexadecimal digits, the parent's empty if there is none. */
    record Seen(
            String service,
            String trace,
            String id,
            String parent,
            String name,
            String kind,
            Map<String, String> attributes) {}

    Collector() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/traces", this::take);
        server.start();
    }

    /** Where spans are to be sent, as an argument of a service. */
    String endpoint() {
        return "--management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:"
                + server.getAddress().getPort() + "/v1/traces";
    }

    /** What has arrived of a trace by now. */
    List<Seen> trace(String id) {
        return spans.stream().filter(span -> span.trace().equals(id)).toList();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(exchange.getRequestBody());
            request.getResourceSpansList()
                    .forEach(resource -> resource.getScopeSpansList().stream()
                            .flatMap(scope -> scope.getSpansList().stream())
                            .forEach(span -> spans.add(seen(resource.getResource(), span))));
            exchange.sendResponseHeaders(200, -1);
        }
    }

    private static Seen seen(Resource resource, Span span) {
        return new Seen(
                attributes(resource.getAttributesList()).get("service.name"),
                HexFormat.of().formatHex(span.getTraceId().toByteArray()),
                HexFormat.of().formatHex(span.getSpanId().toByteArray()),
                HexFormat.of().formatHex(span.getParentSpanId().toByteArray()),
                span.getName(),
                span.getKind().name(),
                attributes(span.getAttributesList()));
    }

    private static Map<String, String> attributes(List<KeyValue> list) {
        return list.stream()
                .collect(Collectors.toMap(
                        KeyValue::getKey, value -> value.getValue().getStringValue()));
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
