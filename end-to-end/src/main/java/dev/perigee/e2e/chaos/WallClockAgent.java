package dev.perigee.e2e.chaos;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * A Java agent that makes the wall clock of its process wrong, by as many milliseconds as a file says, while it runs. The
 * monotonic clock stays as it is, as when somebody sets the time of a machine.
 *
 * <p>Code refers to a method by an entry in its class's constant pool; the entry's class is changed and the code stays.
 */
public final class WallClockAgent {

    private static final String INSTEAD = "dev/perigee/e2e/chaos/ShiftedClock";
    private static final long HOUR = 3_600_000;

    private WallClockAgent() {}

    /**
     * Called by the JVM.
     *
     * @param arguments the jar with {@link ShiftedClock}, and the file, separated by a comma
     */
    @SuppressWarnings("JavaUtilDate") // It asks the other of the two clocks.
    public static void premain(String arguments, Instrumentation instrumentation) throws Exception {
        String[] paths = arguments.split(",", -1);
        instrumentation.appendToBootstrapClassLoaderSearch(new JarFile(paths[0]));
        instrumentation.addTransformer(new Redirect(), true);
        instrumentation.retransformClasses(
                Class.forName("java.time.Clock"), Class.forName("java.time.Instant"), Date.class);
        // This class was loaded before its calls could be led elsewhere.
        long real = System.currentTimeMillis();
        ShiftedClock.shift(HOUR);
        if (!isHourLater(real, Instant.now().toEpochMilli()) || !isHourLater(real, new Date().getTime())) {
            throw new IllegalStateException("the wall clock of this JVM cannot be shifted");
        }
        ShiftedClock.shift(0);
        follow(Path.of(paths[1]));
    }

    private static boolean isHourLater(long real, long shown) {
        return Math.abs(shown - real - HOUR) < HOUR / 2;
    }

    private static void follow(Path file) {
        Thread thread = new Thread(
                () -> {
                    while (true) {
                        try {
                            ShiftedClock.shift(
                                    Long.parseLong(Files.readString(file).strip()));
                        } catch (IOException | NumberFormatException beingWritten) {
                            // The next look will tell.
                        }
                        try {
                            TimeUnit.MILLISECONDS.sleep(20);
                        } catch (InterruptedException interrupted) {
                            return;
                        }
                    }
                },
                "wall-clock");
        thread.setDaemon(true);
        thread.start();
    }

    private static final class Redirect implements ClassFileTransformer {

        @Override
        public byte @Nullable [] transform(
                @Nullable Module module,
                @Nullable ClassLoader loader,
                @Nullable String name,
                @Nullable Class<?> before,
                @Nullable ProtectionDomain domain,
                byte[] bytes) {
            if (name == null || name.equals(INSTEAD) || name.startsWith("java/lang/")) {
                return null;
            }
            try {
                return redirect(bytes);
            } catch (IOException | RuntimeException unreadable) {
                return null;
            }
        }
    }

    /** The class with its calls led elsewhere; null if it has none. */
    static byte @Nullable [] redirect(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        in.skipNBytes(8);
        int count = in.readUnsignedShort();
        String[] texts = new String[count];
        int[][] entries = new int[count][];
        int[] offsets = new int[count];
        for (int i = 1; i < count; i++) {
            offsets[i] = bytes.length - in.available();
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> texts[i] = in.readUTF();
                case 3, 4 -> in.skipNBytes(4);
                case 5, 6 -> {
                    in.skipNBytes(8);
                    i++;
                }
                case 7, 8, 16, 19, 20 -> entries[i] = new int[] {tag, in.readUnsignedShort()};
                case 9, 10, 11, 12, 17, 18 ->
                    entries[i] = new int[] {tag, in.readUnsignedShort(), in.readUnsignedShort()};
                case 15 -> in.skipNBytes(3);
                default -> throw new IOException("tag " + tag);
            }
        }
        int end = bytes.length - in.available();
        byte[] changed = bytes.clone();
        boolean any = false;
        for (int i = 1; i < count; i++) {
            int[] entry = entries[i];
            if (entry != null && entry[0] == 10 && isClock(texts, entries, entry)) {
                // The class that is added behind the others.
                changed[offsets[i] + 1] = (byte) ((count + 1) >> 8);
                changed[offsets[i] + 2] = (byte) (count + 1);
                any = true;
            }
        }
        return any ? withClass(changed, count, end) : null;
    }

    private static boolean isClock(String[] texts, int[][] entries, int[] method) {
        String owner = texts[entries[method[1]][1]];
        String name = texts[entries[method[2]][1]];
        return (owner.equals("java/lang/System") && name.equals("currentTimeMillis"))
                || (owner.equals("jdk/internal/misc/VM") && name.equals("getNanoTimeAdjustment"));
    }

    private static byte[] withClass(byte[] bytes, int count, int end) throws IOException {
        ByteArrayOutputStream buffer = new ByteArrayOutputStream(bytes.length + 64);
        DataOutputStream out = new DataOutputStream(buffer);
        out.write(bytes, 0, 8);
        out.writeShort(count + 2);
        out.write(bytes, 10, end - 10);
        out.writeByte(1);
        out.writeUTF(INSTEAD);
        out.writeByte(7);
        out.writeShort(count);
        out.write(bytes, end, bytes.length - end);
        return buffer.toByteArray();
    }
}
