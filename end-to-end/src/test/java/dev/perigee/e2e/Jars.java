package dev.perigee.e2e;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import reactor.blockhound.BlockHound;

/** The packaged services, unpacked once as their own tools do it: they start faster, and agents see their classes. */
final class Jars {

    /** JVM options with which a service starts quickly. */
    static final List<String> QUICK = List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final List<String> MODULES = List.of("home-service", "edge-service");
    private static final Path EXTRACTED = Path.of("target", "extracted").toAbsolutePath();

    private static Map<String, Path> prepared;

    private Jars() {}

    static Path packaged(String module) {
        return Path.of("..", module, "target", module + ".jar").toAbsolutePath().normalize();
    }

    /** The runnable jar. The first call prepares those of both services, at once. */
    static synchronized Path runnable(String module) {
        if (prepared == null) {
            prepared = MODULES.parallelStream().collect(Collectors.toConcurrentMap(Function.identity(), Jars::prepare));
        }
        return prepared.get(module);
    }

    /** JVM options that share the classes a former start has loaded. They do not go with an agent: JDK 17 crashes. */
    static List<String> archive(String module) {
        return List.of("-XX:SharedArchiveFile=" + archiveFile(module), "-Xlog:cds=off", "-Xlog:cds+dynamic=off");
    }

    private static Path archiveFile(String module) {
        return EXTRACTED.resolve(module).resolve("classes.jsa");
    }

    private static Path lockFile(String module) throws IOException {
        return Files.createDirectories(EXTRACTED.resolve(module)).resolve("lock");
    }

    private static Path prepare(String module) {
        Path destination = EXTRACTED.resolve(module);
        Path runnable = destination.resolve(module + ".jar");
        Path stamp = destination.resolve("stamp");
        try (FileChannel file = FileChannel.open(lockFile(module), CREATE, WRITE)) {
            // The tests run in more than one process: who comes second waits, and finds it done. Closing the file
            // unlocks it.
            file.lock();
            String wanted = System.getProperty("java.vm.version") + " " + checksum(packaged(module));
            if (!Files.exists(stamp) || !Files.readString(stamp).equals(wanted)) {
                Files.deleteIfExists(stamp);
                extract(module, destination);
                archive(module, runnable, destination);
                Files.writeString(stamp, wanted);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
        return runnable;
    }

    private static void extract(String module, Path destination) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        JAVA,
                        "-Djarmode=tools",
                        "-jar",
                        packaged(module).toString(),
                        "extract",
                        "--force",
                        "--destination",
                        destination.toString())
                .inheritIO()
                .start();
        if (process.waitFor() != 0) {
            throw new IllegalStateException("cannot extract " + module);
        }
    }

    /** Starts the service once; the JVM writes down at its exit what it has loaded. */
    private static void archive(String module, Path runnable, Path directory) throws IOException {
        List<String> options = new ArrayList<>(QUICK);
        options.add("-XX:ArchiveClassesAtExit=" + archiveFile(module));
        Files.deleteIfExists(archiveFile(module));
        int port = Ports.free();
        try (ServiceProcess service = ServiceProcess.start(
                "archive",
                runnable,
                directory,
                Map.of(),
                options,
                List.of(
                        "--server.port=" + port,
                        "--perigee.home.database.ephemeral=true",
                        "--perigee.edge.pgwire.port=0",
                        "--perigee.home-url=http://127.0.0.1:1",
                        "--perigee.auth-token=none"))) {
            service.awaitListening(URI.create("http://127.0.0.1:" + port));
        }
    }

    private static long checksum(Path file) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(Files.readAllBytes(file));
        return checksum.getValue();
    }

    /** JVM options that make a blocking call on an event loop an error. */
    static List<String> blockHound() {
        String agent = BlockHound.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath();
        return List.of(
                "-javaagent:" + agent,
                "-XX:+AllowRedefinitionToAddDeleteMethods",
                "-Dio.netty.leakDetection.level=paranoid",
                "-Dnet.bytebuddy.experimental=true",
                "-Dreactor.blockhound.shaded.net.bytebuddy.experimental=true");
    }
}
