package dev.perigee.home.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.web.WireJson;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.JsonNode;

/** Every value as {@code to_json} writes it, says PostgreSQL itself. */
class ResultWriterTest {

    private static TestDatabase database;
    private static TestService service;

    @BeforeAll
    static void create() {
        database = new TestDatabase("writer", """
                create type mood as enum ('sad', 'it''s "fine"');
                create type pair as (a int, "B b" text, c timestamptz, d numeric[]);
                create type nest as (p pair, ps pair[], m mood);
                create domain positive as int check (value > 0);
                create domain pairs as pair[];
                create type holder as (x positive, y pairs);
                """);
        service = new TestService(database, 2, Duration.ofSeconds(20), DataSize.ofMegabytes(16));
    }

    @AfterAll
    static void drop() {
        database.close();
    }

    static Stream<String> values() {
        Random random = new Random(42);
        Stream<String> fixed = Stream.of(
                "true",
                "false",
                "null::int",
                "1::smallint",
                "-7",
                "9223372036854775807",
                "0.1::real",
                "1e20::real",
                "'NaN'::real",
                "'-Infinity'::float8",
                "1e300::float8",
                "-0::float8",
                "'-0'::float8",
                "5e-324::float8",
                "0.1::float8 + 0.2",
                "123.4500::numeric",
                "'NaN'::numeric",
                "'Infinity'::numeric",
                "1e100::numeric",
                "1e-20::numeric",
                "'a'::\"char\"",
                "'x'::char(3)",
                "'naïve \uD83D\uDE00'::text",
                "E'\\b\\f\\n\\r\\t\"\\\\/'::text",
                "E'\\x01\\x1f\\x7f'::text",
                "'x'::name",
                "''::text",
                "'\\x00ff'::bytea",
                "42::oid",
                "'pg_class'::regclass",
                "'1 2 3'::int2vector",
                "'1 2'::oidvector",
                "''::oidvector",
                "'{\"b\" : 1, \"a\":[ ]}'::json",
                "'{\"b\" : 1, \"a\":[ ]}'::jsonb",
                "'null'::json",
                "'\"x\"'::jsonb",
                "'$.a[*]'::jsonpath",
                "'2020-01-02'::date",
                "'infinity'::date",
                "'0044-03-15 BC'::date",
                "'12345-01-01'::date",
                "'12:34:56.789'::time",
                "'12:34:56+02'::timetz",
                "'2020-01-02 03:04:05'::timestamp",
                "'2020-01-02 03:04:05.000001'::timestamp",
                "'-infinity'::timestamp",
                "'0044-03-15 01:02:03 BC'::timestamp",
                "'2020-01-02 03:04:05+02'::timestamptz",
                "'infinity'::timestamptz",
                "'0044-03-15 01:02:03.5+00 BC'::timestamptz",
                "'12345-01-01 00:00+00'::timestamptz",
                "'1 year 2 mons -3 days 04:05:06.7'::interval",
                "'0'::interval",
                "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
                "'10.0.0.1/8'::inet",
                "'10.0.0.0/8'::cidr",
                "'08:00:2b:01:02:03'::macaddr",
                "'(1,2)'::point",
                "'((1,2),(3,4))'::box",
                "'<(1,2),3>'::circle",
                "'101'::bit(3)",
                "'101'::varbit",
                "'a b'::tsvector",
                "'a & b'::tsquery",
                "'<a/>'::xml",
                "'[1,5)'::int4range",
                "'[2020-01-01,2020-02-01)'::daterange",
                "'[\"2020-01-01 00:00\",)'::tsrange",
                "'{[1,2),[5,6)}'::int4multirange",
                "'12.34'::money",
                "'0/16B3748'::pg_lsn",
                "'1:2:'::pg_snapshot",
                "'7'::xid",
                "'(0,1)'::tid",
                "'sad'::mood",
                "'it''s \"fine\"'::mood",
                "3::positive",
                "array[1,2,null]",
                "array[]::int[]",
                "array[[1,2],[3,4]]",
                "array[[[1],[2]],[[3],[4]]]",
                "'[0:1]={5,6}'::int[]",
                "'[-1:0][2:3]={{1,2},{3,4}}'::int[]",
                "array[true,false,null]",
                "array['a','b,c','d\"e','f\\g','','NULL',null,' x ','{}']",
                "array['NaN','1.5']::float8[]",
                "array['2020-01-01 00:00','infinity']::timestamptz[]",
                "array['2020-01-01']::date[]",
                "array['2020-01-01 00:00']::timestamp[]",
                "array['{\"a\": [1]}','null']::json[]",
                "array['{\"a\": \"q\\\"\"}']::jsonb[]",
                "array['\\x01']::bytea[]",
                "array['((1,2),(3,4))','((5,6),(7,8))']::box[]",
                "array['sad']::mood[]",
                "array[1,2]::positive[]",
                "array['[1,2)']::int4range[]",
                "array[0.10,1]::numeric[]",
                "row(1,'x','2020-01-01 00:00+00',array[1.50])::pair",
                "row(null,null,null,null)::pair",
                "row(1,'',null,'{}')::pair",
                "row(1,'a,b\"c\\d(e)','infinity','{NaN}')::pair",
                "array[row(1,'x y',null,null)::pair,null,row(2,'q\"r','2020-01-01 00:00+00',array[1,null])::pair]",
                "row(row(1,'x',null,null),array[row(2,'y\"',null,array[3])::pair],'sad')::nest",
                "row(5,array[row(1,'z',null,null)::pair])::holder",
                "array[row(1,null,null,null)::pair]::pairs");
        Stream<String> seeded = Stream.generate(() -> random(random)).limit(150);
        return Stream.concat(fixed, seeded);
    }

    private static String random(Random random) {
        return switch (random.nextInt(7)) {
            case 0 -> "'" + Double.longBitsToDouble(random.nextLong()) + "'::float8";
            case 1 -> "'" + Float.intBitsToFloat(random.nextInt()) + "'::real";
            case 2 -> random.nextInt() + "." + random.nextInt(Integer.MAX_VALUE) + "::numeric";
            case 3 ->
                "timestamptz '2000-01-01 00:00+00' + interval '" + random.nextInt() + " seconds "
                        + random.nextInt(1_000_000) + " microseconds'";
            case 4 -> "array['" + text(random) + "','" + text(random) + "',null]::text[]";
            case 5 -> "row(" + random.nextInt() + ",'" + text(random) + "',null,array[" + random.nextInt() + "])::pair";
            default -> "'" + text(random) + "'::text";
        };
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        random.ints(random.nextInt(12), 1, 200).forEach(c -> text.append(c == '\'' ? "''" : String.valueOf((char) c)));
        return text.toString();
    }

    @ParameterizedTest
    @MethodSource("values")
    void writesAValueAsToJsonDoes(String expression) {
        String body = service.body("select " + expression + " as v");
        JsonNode expected = WireJson.mapper().readTree(service.body("select to_json(" + expression + ")::text"));
        JsonNode text = expected.get("rows").get(0).get(0);
        int begin = body.indexOf("\"rows\":[[") + 9;

        assertThat(body.substring(begin, body.length() - 3)).isEqualTo(text.isNull() ? "null" : text.stringValue());
    }

    @Test
    void namesTheColumnsOfAResultWithoutRows() {
        assertThat(service.body("select 1 as a, 'x'::text as \"B\"\"b\", null::mood where false"))
                .isEqualTo("{\"columns\":[{\"name\":\"a\",\"type\":\"int4\"},{\"name\":\"B\\\"b\",\"type\":\"text\"},"
                        + "{\"name\":\"mood\",\"type\":\"mood\"}],\"rows\":[]}");
    }

    @Test
    void writesRowsWithoutColumns() {
        assertThat(service.body("select from generate_series(1, 2)")).isEqualTo("{\"columns\":[],\"rows\":[[],[]]}");
    }

    @Test
    void takesParametersOfEveryType() {
        List<String> types = List.of(
                "text",
                "int",
                "bigint",
                "numeric",
                "boolean",
                "json",
                "jsonb",
                "uuid",
                "timestamptz",
                "timestamp",
                "date",
                "time",
                "interval",
                "bytea",
                "inet",
                "int4range",
                "mood",
                "positive",
                "int[]",
                "text[]",
                "int[]",
                "text[]",
                "numeric",
                "float8",
                "pair",
                "bytea");
        List<Object> values = List.of(
                "it's",
                5,
                9007199254740993L,
                new java.math.BigDecimal("1.50"),
                true,
                java.util.Map.of("a", 1),
                "[1]",
                "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                "2020-01-01T00:00:00+00:00",
                "2020-01-01T00:00:00",
                "2020-01-01",
                "12:00:00",
                "01:00:00",
                "\\x0102",
                "10.0.0.1",
                "[1,5)",
                "sad",
                3,
                List.of(1, 2),
                java.util.Arrays.asList("a\"\\,", null, ""),
                List.of(List.of(1, 2), List.of(3, 4)),
                List.of(),
                new java.math.BigDecimal("1E+3"),
                1.5,
                "(1,x,,)",
                "\\x");
        for (int i = 0; i < types.size(); i++) {
            String expected =
                    service.body("select ($1::text)::" + types.get(i) + " as v", ParameterText.of(values.get(i)));
            assertThat(service.body("select $1::" + types.get(i) + " as v", values.get(i)))
                    .as(types.get(i))
                    .isEqualTo(expected);
            assertThat(service.body("select $1::" + types.get(i) + " as v", (Object) null))
                    .contains("\"rows\":[[null]]");
        }
    }
}
