package dev.perigee.web;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Files out of the service's own jar as a site: each is read when it is first asked for, off the event loops, and kept
 * packed. Everything is ours, from the same origin and without a line of inline script or style, and the browser is told to
 * insist on that. Made by one thread; then immutable and thread-safe.
 */
public final class PackagedFiles {

    private static final Map<String, MediaType> TYPES = Map.of(
            "html", MediaType.parseMediaType("text/html;charset=utf-8"),
            "js", MediaType.parseMediaType("text/javascript;charset=utf-8"),
            "css", MediaType.parseMediaType("text/css;charset=utf-8"),
            "svg", MediaType.parseMediaType("image/svg+xml"),
            "json", MediaType.APPLICATION_JSON);

    private final Map<String, Mono<File>> files = new TreeMap<>();
    private final String policy;

    private static final class File {
        private final MediaType type;
        private final String etag;
        private final byte[] packed;

        File(MediaType type, String etag, byte[] packed) {
            this.type = type;
            this.etag = etag;
            this.packed = packed;
        }
    }

    /**
     * A site without files as yet.
     *
     * @param images where pictures may come from besides, as the policy has it, such as {@code data:}; may be empty
     */
    public PackagedFiles(String images) {
        this.policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
                + (images.isEmpty() ? "" : " " + images)
                + "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    /**
     * Adds a file under its own name.
     *
     * @throws IllegalStateException if it was not packaged, or is of a kind that has no place here
     */
    public PackagedFiles add(Resource resource) {
        String name = Objects.requireNonNull(resource.getFilename());
        MediaType type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        if (type == null || !resource.exists()) {
            throw new IllegalStateException("not packaged, or of no known kind: " + resource);
        }
        files.put(
                name,
                Mono.fromCallable(() -> read(type, resource.getContentAsByteArray()))
                        .subscribeOn(Schedulers.boundedElastic())
                        .cache());
        return this;
    }

    /** Adds a file of a WebJar, from where the WebJar says that it is: the path holds its version. */
    public PackagedFiles addWebJar(String group, String artifact, String path) {
        String described = "META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try {
            Properties properties = PropertiesLoaderUtils.loadProperties(new ClassPathResource(described));
            String version = properties.getProperty("version");
            return add(new ClassPathResource("META-INF/resources/webjars/" + artifact + "/" + version + "/" + path));
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }

    private static File read(MediaType type, byte[] content) throws IOException, NoSuchAlgorithmException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(content);
        }
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
        return new File(type, '"' + HexFormat.of().formatHex(digest, 0, 16) + '"', packed.toByteArray());
    }

    /** Routes GET and HEAD of every file, by its name in this folder. */
    public void route(RouterFunctions.Builder routes, String folder) {
        files.keySet().forEach(name -> route(routes, folder + "/" + name, name));
    }

    /** Routes GET and HEAD of a path to one of the files. */
    public void route(RouterFunctions.Builder routes, String path, String name) {
        Mono<File> file = Objects.requireNonNull(files.get(name));
        HandlerFunction<ServerResponse> handler = request -> file.flatMap(
                it -> request.checkNotModified(it.etag).switchIfEmpty(Mono.defer(() -> answer(it, request))));
        routes.route(
                RequestPredicates.methods(HttpMethod.GET, HttpMethod.HEAD).and(RequestPredicates.path(path)), handler);
    }

    private Mono<ServerResponse> answer(File file, ServerRequest request) {
        boolean pack = accepts(request.headers().firstHeader(HttpHeaders.ACCEPT_ENCODING));
        return ServerResponse.ok()
                .contentType(file.type)
                .eTag(file.etag)
                .headers(headers -> {
                    headers.set(HttpHeaders.CACHE_CONTROL, "no-cache");
                    headers.set(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
                    headers.set("Content-Security-Policy", policy);
                    headers.set("Cross-Origin-Opener-Policy", "same-origin");
                    headers.set("Cross-Origin-Resource-Policy", "same-origin");
                    headers.set("Referrer-Policy", "no-referrer");
                    headers.set("X-Content-Type-Options", "nosniff");
                    if (pack) {
                        headers.set(HttpHeaders.CONTENT_ENCODING, "gzip");
                    }
                })
                .bodyValue(pack ? file.packed : unpacked(file.packed));
    }

    private static byte[] unpacked(byte[] packed) {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            return in.readAllBytes();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static boolean accepts(@Nullable String encodings) {
        return encodings != null && encodings.matches("(?i).*\\bgzip\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$)).*");
    }
}
