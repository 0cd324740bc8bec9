package dev.perigee.web;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.StringUtils;

/**
 * Leaves out all that has to do with traces unless it is said where to send them: what is not there costs nothing, neither
 * at the start nor with a request.
 */
final class TracingSwitch implements AutoConfigurationImportFilter, EnvironmentAware, EnvironmentPostProcessor {

    /** Also set by {@code OTEL_EXPORTER_OTLP_ENDPOINT}, as Spring Boot reads it. */
    static final String ENDPOINT = "management.opentelemetry.tracing.export.otlp.endpoint";

    private static final String EXPECT_IDS = "logging.expect-correlation-id";

    private static final List<String> PACKAGES =
            List.of("org.springframework.boot.micrometer.tracing.", "org.springframework.boot.opentelemetry.");

    private boolean on;

    /** Whether traces are sent somewhere. */
    static boolean isOn(Environment environment) {
        return StringUtils.hasText(environment.getProperty(ENDPOINT))
                && environment.getProperty("management.tracing.export.enabled", Boolean.class, true);
    }

    /** The same as a condition. */
    static final class On implements Condition {

        @Override
        public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return isOn(context.getEnvironment());
        }
    }

    /** Off, lines of the log need no place for ids. Asked later on, when all that may switch it on has been read. */
    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        // If one source does not say what it holds, Spring Boot asks all of them for every property there could be.
        environment.getPropertySources().addFirst(new EnumerablePropertySource<>("tracing", new Object()) {
            @Override
            public String[] getPropertyNames() {
                return new String[] {EXPECT_IDS};
            }

            @Override
            public @Nullable Object getProperty(String name) {
                return name.equals(EXPECT_IDS) ? isOn(environment) : null;
            }
        });
    }

    @Override
    public void setEnvironment(Environment environment) {
        on = isOn(environment);
    }

    @Override
    public boolean[] match(@Nullable String[] autoConfigurations, AutoConfigurationMetadata metadata) {
        boolean[] kept = new boolean[autoConfigurations.length];
        for (int i = 0; i < kept.length; i++) {
            String name = autoConfigurations[i];
            kept[i] = on || name == null || PACKAGES.stream().noneMatch(name::startsWith);
        }
        return kept;
    }
}
