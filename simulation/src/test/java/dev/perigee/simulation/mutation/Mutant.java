package dev.perigee.simulation.mutation;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** The simulator around a core with a bug in it: our classes once more, in a class loader of their own. */
final class Mutant extends ClassLoader {

    private static final String OURS = "dev.perigee.";
    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

    private final Map<String, byte[]> mutated;
    private final Method run;

    /** Without any bug: what must pass. */
    static Mutant none() {
        return new Mutant(Map.of());
    }

    static Mutant of(Mutation mutation) {
        return new Mutant(compile(mutation));
    }

    private Mutant(Map<String, byte[]> mutated) {
        super(Mutant.class.getClassLoader());
        this.mutated = mutated;
        try {
            run = loadClass("dev.perigee.simulation.Simulation").getMethod("run", long.class);
        } catch (ReflectiveOperationException missing) {
            throw new IllegalStateException(missing);
        }
    }

    /** What went wrong, or null. */
    String run(long seed) {
        try {
            return (String) run.invoke(null, seed);
        } catch (InvocationTargetException thrown) {
            return String.valueOf(thrown.getCause());
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] code = mutated.get(name);
        if (code == null) {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                code = in.readAllBytes();
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
        return defineClass(name, code, 0, code.length);
    }

    private static Map<String, byte[]> compile(Mutation mutation) {
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        StringWriter complaints = new StringWriter();
        JavaFileManager files = new ForwardingJavaFileManager<>(COMPILER.getStandardFileManager(null, null, null)) {
            @Override
            public JavaFileObject getJavaFileForOutput(
                    Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
                return new SimpleJavaFileObject(URI.create("mutant:///" + name.replace('.', '/')), kind) {
                    @Override
                    public OutputStream openOutputStream() {
                        return classes.computeIfAbsent(name, any -> new ByteArrayOutputStream());
                    }
                };
            }
        };
        List<JavaFileObject> units = new ArrayList<>();
        mutation.sources().forEach((type, source) -> units.add(unit(type, source)));
        List<String> options =
                List.of("-proc:none", "-nowarn", "-parameters", "-cp", System.getProperty("java.class.path"));
        if (!COMPILER.getTask(complaints, files, null, options, null, units).call()) {
            throw new IllegalStateException("the mutant does not compile: " + mutation + "\n" + complaints);
        }
        Map<String, byte[]> code = new HashMap<>();
        classes.forEach((name, bytes) -> code.put(name, bytes.toByteArray()));
        return code;
    }

    private static JavaFileObject unit(String type, String source) {
        return new SimpleJavaFileObject(
                URI.create("mutant:///" + type.replace('.', '/') + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
    }
}
