package dev.perigee.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** Arguments of the form {@code name=value}. */
record Options(Map<String, String> values) {

    static Options of(String... args) {
        return new Options(Arrays.stream(args)
                .map(argument -> argument.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1])));
    }

    int number(String name, int otherwise) {
        return Integer.parseInt(values.getOrDefault(name, String.valueOf(otherwise)));
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + "= is missing");
        }
        return value;
    }
}
