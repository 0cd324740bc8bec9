package dev.perigee.home.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/**
 * The console's files, read once and kept in memory, packed and unpacked. Everything in them is ours, from the same origin
 * and without a line of inline script or style, and the browser is told to insist on that. Immutable.
 */
final class ConsoleFiles {

    private static final List<String> PATTERNS = List.of(
            "classpath:/console/*",
            "classpath*:/META-INF/resources/webjars/uplot/*/dist/uPlot.iife.min.js",
            "classpath*:/META-INF/resources/webjars/uplot/*/dist/uPlot.min.css");

    private static final Map<String, MediaType> TYPES = Map.of(
            "html", MediaType.parseMediaType("text/html;charset=utf-8"),
            "js", MediaType.parseMediaType("text/javascript;charset=utf-8"),
            "css", MediaType.parseMediaType("text/css;charset=utf-8"),
            "svg", MediaType.parseMediaType("image/svg+xml"));

    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Map<String, File> files = new HashMap<>();

    private static final class File {
        private final MediaType type;
        private final String etag;
        private final byte[] content;
        private final byte[] packed;

        File(MediaType type, byte[] content, byte[] packed) {
            this.type = type;
            this.etag = '"' + digest(content) + '"';
            this.content = content;
            this.packed = packed;
        }
    }

    /** Reads them; fails if one is missing that was built in. */
    ConsoleFiles() {
        PathMatchingResourcePatternResolver resolver = new PathMatchingResourcePatternResolver();
        try {
            for (String pattern : PATTERNS) {
                Resource[] found = resolver.getResources(pattern);
                if (found.length == 0) {
                    throw new IllegalStateException("no " + pattern);
                }
                for (Resource resource : found) {
                    String name = Objects.requireNonNull(resource.getFilename());
                    files.put(name, file(name, resource.getContentAsByteArray()));
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static File file(String name, byte[] content) throws IOException {
        MediaType type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        if (type == null) {
            throw new IllegalStateException("what is " + name + "?");
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(content);
        }
        return new File(type, content, packed.toByteArray());
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, 16);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** What there is. */
    Set<String> names() {
        return Set.copyOf(files.keySet());
    }

    /** One of the files as an answer. */
    Mono<ServerResponse> serve(String name, ServerRequest request) {
        File file = Objects.requireNonNull(files.get(name));
        return request.checkNotModified(file.etag).switchIfEmpty(Mono.defer(() -> answer(file, request)));
    }

    private static Mono<ServerResponse> answer(File file, ServerRequest request) {
        boolean pack = accepts(request.headers().firstHeader(HttpHeaders.ACCEPT_ENCODING));
        return ServerResponse.ok()
                .contentType(file.type)
                .eTag(file.etag)
                .headers(headers -> {
                    headers.set(HttpHeaders.CACHE_CONTROL, "no-cache");
                    headers.set(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
                    headers.set("Content-Security-Policy", POLICY);
                    headers.set("Cross-Origin-Opener-Policy", "same-origin");
                    headers.set("Cross-Origin-Resource-Policy", "same-origin");
                    headers.set("Referrer-Policy", "no-referrer");
                    headers.set("X-Content-Type-Options", "nosniff");
                    if (pack) {
                        headers.set(HttpHeaders.CONTENT_ENCODING, "gzip");
                    }
                })
                .bodyValue(pack ? file.packed : file.content);
    }

    private static boolean accepts(@Nullable String encodings) {
        return encodings != null && encodings.matches("(?i).*\\bgzip\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$)).*");
    }
}
