package dev.perigee.e2e;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A table with a column of every built-in type, as {@code pg_type} lists them, and statements over each: read by both protocols
 * in both formats, and given as a parameter in both.
 */
final class PgTypes {

    /** Values by type; what has no values is NULL throughout. */
    private static final Map<String, String> VALUES = values("""
            bool t f
            bytea \\x00ff41 \\x
            char a \\377
            name a_name
            int8 9223372036854775807 -1
            int2 32767 -32768
            int2vector 1_2
            int4 2147483647 -5
            regproc pi
            text some_text ä€𝄞
            oid 4294967295 0
            tid (1,2)
            xid 7
            cid 8
            oidvector 1_2
            json {"a":[1,2]} null
            jsonb {"b":1,"a":{"c":null}} "x"
            jsonpath $.a[*]
            xml <a/>
            point (1.5,-2)
            lseg [(0,0),(1,1)]
            path ((0,0),(1,1)) [(1,2),(3,4)]
            box (1,1),(0,0)
            polygon ((0,0),(1,1),(2,0))
            line {1,-1,0}
            circle <(0,0),2>
            float4 1.1 NaN -Infinity
            float8 0.1 1e300 3.14159265358979
            money 1234.56 -0.01
            macaddr 08:00:2b:01:02:03
            inet 192.168.0.1/24 ::1
            cidr 10.0.0.0/8
            macaddr8 08:00:2b:01:02:03:04:05
            aclitem =r/postgres
            bpchar ab___ z
            varchar varying
            date 2024-02-29 0044-03-15_BC infinity
            time 23:59:59.999999 00:00
            timestamp 2024-02-29_12:34:56.789 -infinity
            timestamptz 2024-06-30_23:30:00+00 1883-11-18_12:00:00+00
            interval 1_year_2_mons_3_days_04:05:06.7 -1_day
            timetz 12:34:56+05:30
            bit 101 1
            varbit 10110 0
            numeric 12345678901234567890.123456789 NaN -0.00
            refcursor a_cursor
            regprocedure pi()
            regoper |/
            regoperator +(int4,int4)
            regclass pg_class
            regcollation "C"
            regtype int4
            regrole postgres
            regnamespace pg_catalog
            regdatabase template1
            uuid a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11
            pg_lsn 16/B374D848
            tsvector 'a':1A_'b':2
            tsquery 'a'_&_!'b'
            regconfig english
            regdictionary simple
            txid_snapshot 10:20:10,14,15
            pg_snapshot 10:20:10,14,15
            xid8 18446744073709551615
            int4range [1,10) empty
            numrange [1.5,)
            tsrange ["2024-01-01_00:00:00","2024-02-01_00:00:00")
            tstzrange ["2024-01-01_00:00:00+00","2024-02-01_00:00:00+00")
            daterange [2024-01-01,2024-02-01)
            int8range (,5]
            int4multirange {[1,2),[5,7)}
            nummultirange {[1.5,2.5]}
            tsmultirange {}
            tstzmultirange {["2024-01-01_00:00:00+00","2024-02-01_00:00:00+00")}
            datemultirange {[2024-01-01,2024-02-01)}
            int8multirange {(,5],[7,)}
            """);

    private final String database;
    private final List<Type> types;

    /**
     * A type.
     *
     * @param binary its value as the server sends it in binary; null if it has none, or cannot be sent
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Type(int oid, String name, String text, byte[] binary) {}

    private PgTypes(String database, List<Type> types) {
        this.database = database;
        this.types = types;
    }

    private static Map<String, String> values(String lines) {
        Map<String, String> values = new LinkedHashMap<>();
        lines.lines().forEach(line -> {
            int blank = line.indexOf(' ');
            values.put(line.substring(0, blank), line.substring(blank + 1));
        });
        return values;
    }

    private static List<String> valuesOf(String type) {
        String values = VALUES.get(type);
        return values == null
                ? List.of()
                : List.of(values.split(" ")).stream()
                        .map(value -> type.startsWith("reg") ? value : value.replace('_', ' '))
                        .toList();
    }

    /** Makes the table {@code every_type}, straight at the server. */
    static PgTypes create(PgFrontend server, String database) {
        List<String> oids = server.simple("SELECT oid FROM pg_type t WHERE typtype IN ('b','r','m') AND typnamespace ="
                + " 'pg_catalog'::regnamespace AND typisdefined AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid ="
                + " t.typelem AND e.typtype IN ('c', 'p')) ORDER BY oid");
        List<String> names = new ArrayList<>();
        StringBuilder table = new StringBuilder("CREATE TABLE every_type (id int PRIMARY KEY");
        for (String oid : oids) {
            String name = server.simple("SELECT typname FROM pg_type WHERE oid = " + oid)
                    .get(0);
            names.add(name);
            table.append(", c_")
                    .append(name)
                    .append(" pg_catalog.\"")
                    .append(name)
                    .append('"');
        }
        server.simple(table + ")");
        server.simple("INSERT INTO every_type SELECT generate_series(1, 4)");
        List<Type> types = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            types.add(fill(server, Integer.parseUnsignedInt(oids.get(i)), names.get(i)));
        }
        return new PgTypes(database, types);
    }

    private static Type fill(PgFrontend server, int oid, String name) {
        boolean array = name.startsWith("_");
        List<String> values = valuesOf(array ? name.substring(1) : name);
        String column = "c_" + name;
        for (int row = 0; row < Math.min(values.size(), 3); row++) {
            String value = quoted(values.get(row));
            String type = "pg_catalog.\"" + name + "\"";
            String expression = array ? "ARRAY[" + value + ", NULL]::" + type : value + "::" + type;
            server.send(PgMessages.query(
                            "UPDATE every_type SET " + column + " = " + expression + " WHERE id = " + (row + 2)))
                    .readCycles(1);
        }
        String text = server.simple("SELECT " + column + "::text FROM every_type WHERE id = 2")
                .get(0);
        List<PgReply> binary = server.send(
                        PgMessages.parse("", "SELECT " + column + " FROM every_type WHERE id = 2"),
                        PgMessages.bind("", "", new int[0], List.of(), PgMessages.BINARY),
                        PgMessages.execute("", 0),
                        PgMessages.sync())
                .readCycles(1);
        byte[] bytes = binary.stream()
                .filter(reply -> reply.type() == 'D')
                .findFirst()
                .map(reply -> reply.rowBytes().get(0))
                .orElse(null);
        return new Type(oid, name, text, bytes);
    }

    private static String quoted(String value) {
        return "'" + value.replace("'", "''") + "'";
    }

    /** The names of types that no value was found for. */
    List<String> empty() {
        return types.stream()
                .filter(type -> type.text() == null)
                .map(Type::name)
                .toList();
    }

    /** Scripts over so many types each. */
    List<PgScript> scripts(int each) {
        List<PgScript> scripts = new ArrayList<>();
        for (int from = 0; from < types.size(); from += each) {
            List<Type> some = types.subList(from, Math.min(types.size(), from + each));
            PgScript script = new PgScript("types from " + some.get(0).name(), database);
            // What is not kept first of all lets the edge find out what session it is in.
            script.query("SELECT 1 AS first");
            some.forEach(type -> reads(script, type));
            some.forEach(type -> parameters(script, type));
            scripts.add(script);
        }
        return scripts;
    }

    private static void reads(PgScript script, Type type) {
        String sql = "SELECT id, c_" + type.name() + " FROM every_type ORDER BY id";
        String column = "SELECT c_" + type.name() + ", id AS n FROM every_type WHERE id > $1 ORDER BY id DESC";
        script.query(sql);
        script.extended(sql);
        for (int[] formats : new int[][] {{PgMessages.BINARY}, {PgMessages.TEXT, PgMessages.BINARY}}) {
            script.send(
                    1,
                    PgMessages.parse("", column, formats.length == 1 ? new int[0] : new int[] {23}),
                    PgMessages.describe('S', ""),
                    PgMessages.bind("", "", new int[0], PgMessages.texts("0"), formats),
                    PgMessages.execute("", 0),
                    PgMessages.sync());
        }
        String name = "of_" + type.name();
        script.send(1, PgMessages.parse(name, column), PgMessages.describe('S', name), PgMessages.sync());
        for (int round = 0; round < 2; round++) {
            script.send(
                    1,
                    PgMessages.describe('S', name),
                    PgMessages.bind("", name, new int[] {PgMessages.BINARY}, List.of(new byte[4]), PgMessages.BINARY),
                    PgMessages.describe('P', ""),
                    PgMessages.execute("", 2),
                    PgMessages.execute("", round == 0 ? 2 : 0),
                    PgMessages.sync());
        }
    }

    private static void parameters(PgScript script, Type type) {
        String echo = "SELECT $1::pg_catalog.\"" + type.name() + "\" AS v, count(*) FROM every_type";
        script.extended(echo, type.text());
        script.send(
                1,
                PgMessages.parse("", "SELECT id FROM every_type WHERE c_" + type.name() + " = $1", type.oid()),
                PgMessages.bind("", "", type.text()),
                PgMessages.describe('P', ""),
                PgMessages.execute("", 0),
                PgMessages.sync());
        if (type.binary() != null) {
            script.send(
                    1,
                    PgMessages.parse("", echo, type.oid()),
                    PgMessages.bind(
                            "",
                            "",
                            new int[] {PgMessages.BINARY},
                            List.of(type.binary()),
                            PgMessages.BINARY,
                            PgMessages.TEXT),
                    PgMessages.describe('P', ""),
                    PgMessages.execute("", 0),
                    PgMessages.sync());
        }
    }
}
