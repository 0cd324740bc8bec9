package dev.perigee.web;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Refuses to start with a {@code perigee.*} property that does not exist: one that is misspelled would be a setting that
 * somebody believes in. Home knows an edge's properties, and an edge home's, since files are shared between them.
 */
public final class PropertyCheck implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    private static final String PREFIX = "perigee";
    private static final String VARIABLE_PREFIX = "PERIGEE_";

    /** Kubernetes tells every pod of the services around it, those whose names begin with perigee among them. */
    private static final Pattern SERVICE_LINK = Pattern.compile(
            "PERIGEE(?:_.*)?_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_\\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)");

    private static final Pattern SERVICE_ADDRESS = Pattern.compile("(?:tcp|udp|sctp)://.+");

    /**
     * {@inheritDoc}
     *
     * @throws UnknownProperties if there is one, naming all of them
     */
    @Override
    public void initialize(ConfigurableApplicationContext context) {
        KnownProperties known = KnownProperties.load();
        Set<String> unknown = new LinkedHashSet<>();
        for (PropertySource<?> source : context.getEnvironment().getPropertySources()) {
            if (source instanceof EnumerablePropertySource<?> enumerable) {
                unknown.addAll(unknown(enumerable, known));
            }
        }
        if (!unknown.isEmpty()) {
            throw new UnknownProperties(List.copyOf(unknown));
        }
    }

    private static List<String> unknown(EnumerablePropertySource<?> source, KnownProperties known) {
        List<String> unknown = new ArrayList<>();
        for (String name : source.getPropertyNames()) {
            // An environment may hold names with dots, too.
            boolean variable = source instanceof SystemEnvironmentPropertySource
                    && name.regionMatches(true, 0, VARIABLE_PREFIX, 0, VARIABLE_PREFIX.length());
            if (variable ? !isVariable(source, name, known) : !isProperty(name, known)) {
                String nearest = known.nearest(name);
                unknown.add(name + " (" + whence(source, name) + ")"
                        + (nearest == null ? "" : "; did you mean " + (variable ? variable(nearest) : nearest) + "?"));
            }
        }
        return unknown;
    }

    /** Or none of ours. */
    private static boolean isProperty(String name, KnownProperties known) {
        if (!name.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
            return true;
        }
        ConfigurationPropertyName adapted = ConfigurationPropertyName.adapt(name, '.');
        return adapted.getNumberOfElements() < 2
                || !adapted.getElement(0, ConfigurationPropertyName.Form.UNIFORM)
                        .equals(PREFIX)
                || known.contains(adapted);
    }

    private static boolean isVariable(PropertySource<?> source, String name, KnownProperties known) {
        String upper = name.toUpperCase(Locale.ROOT);
        return known.containsVariable(upper)
                || SERVICE_LINK.matcher(upper).matches()
                || (upper.endsWith("_PORT")
                        && SERVICE_ADDRESS
                                .matcher(String.valueOf(source.getProperty(name)))
                                .matches());
    }

    private static String whence(PropertySource<?> source, String name) {
        Origin origin = OriginLookup.getOrigin(source, name);
        return origin == null ? source.getName() : origin.toString();
    }

    private static String variable(String property) {
        return property.replace("[]", "_0")
                .replace(".*", "_…")
                .replace("-", "")
                .replace('.', '_')
                .toUpperCase(Locale.ROOT);
    }
}
