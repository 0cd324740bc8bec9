package dev.perigee.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;

/**
 * Data directories of PostgreSQL. initdb makes one in each process; the others are copies of it, in a tenth of the time.
 * All therefore have the same system identifier. Thread-safe.
 */
public final class DataDirectories {

    private DataDirectories() {}

    private static final class Original {

        static final Path DIRECTORY = make();

        private static Path make() {
            try {
                Path directory = Files.createTempDirectory("perigee-initdb");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
                EmbeddedPostgres.builder()
                        .setDataDirectory(directory)
                        .setCleanDataDirectory(false)
                        .setPGStartupWait(Duration.ofSeconds(60))
                        .start()
                        .close();
                return directory;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Fills a directory, of which {@link EmbeddedPostgres.Builder} may then be told, and that it must not clean.
     *
     * @param directory may exist, and must be empty then
     */
    public static void fill(Path directory) {
        Path original = Original.DIRECTORY;
        try (var files = Files.walk(original)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(
                        file,
                        directory.resolve(original.relativize(file).toString()),
                        StandardCopyOption.COPY_ATTRIBUTES,
                        StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes a directory with all that is in it, as far as that can be done. */
    public static void delete(Path directory) {
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
