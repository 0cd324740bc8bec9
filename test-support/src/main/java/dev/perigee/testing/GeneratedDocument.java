package dev.perigee.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A checked-in file that is made of something else: a test compares them, and {@code -Ddocs.write=true} writes it anew. */
public final class GeneratedDocument {

    private GeneratedDocument() {}

    /**
     * Fails if the file does not hold this text.
     *
     * @param origin what the text was made of, as the rest of "… is not what"
     * @param command brings the file up to date
     */
    public static void check(Path file, String text, String origin, String command) throws IOException {
        if (Boolean.getBoolean("docs.write")) {
            Files.writeString(file, text);
        }
        assertThat(Files.readString(file))
                .as("%s is not what %s. Run %s", file, origin, command)
                .isEqualTo(text);
    }
}
