package dev.perigee.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Seeded trials. What fails says its seed; {@code -Dtests.seed=N} tries that one alone, {@code -Pdeep} tries a hundred
 * times as many.
 */
public final class Fuzz {

    /** One trial; everything random in it comes from what it is given. */
    public interface Trial {
        void run(Random random) throws Exception;
    }

    private static final @Nullable Long ONLY = Long.getLong("tests.seed");
    private static final int DEPTH = Integer.getInteger("tests.depth", 1);

    private Fuzz() {}

    /** So many in a plain build. */
    public static int times(int usual) {
        return Math.multiplyExact(usual, DEPTH);
    }

    public static void trials(int usual, Trial trial) {
        if (ONLY != null) {
            run(ONLY, trial);
            return;
        }
        for (int seed = 0; seed < times(usual); seed++) {
            run(seed, trial);
        }
    }

    private static void run(long seed, Trial trial) {
        try {
            trial.run(new Random(seed));
        } catch (Throwable failure) {
            throw new AssertionError("replay with -Dtests.seed=" + seed + ": " + failure, failure);
        }
    }

    /** Flips, overwrites, cuts, repeats, adds; one to four times. */
    public static byte[] mutate(byte[] input, Random random) {
        byte[] bytes = input.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            bytes = once(bytes, random);
        }
        return bytes;
    }

    private static byte[] once(byte[] bytes, Random random) {
        int at = random.nextInt(bytes.length + 1);
        if (at == bytes.length) {
            return concat(bytes, bytes(random, 1 + random.nextInt(8)));
        }
        int upTo = at + random.nextInt(Math.min(16, bytes.length - at) + 1);
        switch (random.nextInt(7)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[at] = (byte) random.nextInt();
            // What lengths and counts like least.
            case 2 -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) -1);
            case 3 -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) 0);
            case 4 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 5 -> {
                return concat(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, upTo, bytes.length));
            }
            default -> {
                return concat(Arrays.copyOf(bytes, upTo), Arrays.copyOfRange(bytes, at, bytes.length));
            }
        }
        return bytes;
    }

    public static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    public static byte[] concat(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    @SafeVarargs
    public static <T> T any(Random random, T... values) {
        return values[random.nextInt(values.length)];
    }

    /** Past failures and hand-picked nasties, one a line: {@code fuzz/<name>}; {@code #} begins a remark. */
    public static List<String> corpus(String name) {
        try (InputStream in = Objects.requireNonNull(Fuzz.class.getResourceAsStream("/fuzz/" + name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public static byte[] unhex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    public static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /**
     * The text of a line of a corpus: Java's escapes, and {@code \repeat{N:text}} for what is long.
     */
    public static String unescape(String line) {
        StringBuilder text = new StringBuilder();
        int done = 0;
        for (int at = line.indexOf("\\repeat{"); at >= 0; at = line.indexOf("\\repeat{", done)) {
            int colon = line.indexOf(':', at);
            int end = line.indexOf('}', colon + 1);
            text.append(line, done, at)
                    .append(line.substring(colon + 1, end).repeat(Integer.parseInt(line.substring(at + 8, colon))));
            done = end + 1;
        }
        return text.append(line.substring(done)).toString().translateEscapes();
    }
}
