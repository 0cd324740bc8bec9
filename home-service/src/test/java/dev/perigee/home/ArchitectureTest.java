package dev.perigee.home;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rooms of home, and which doors between them are open. */
@AnalyzeClasses(packages = "dev.perigee.home", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    private static final String LOG = "dev.perigee.home.log..";
    private static final String DATABASE = "dev.perigee.home.database..";
    private static final String WAL = "dev.perigee.home.wal..";
    private static final String EDGES = "dev.perigee.home.edges..";
    private static final String QUERY = "dev.perigee.home.query..";
    private static final String TUNNEL = "dev.perigee.home.tunnel..";
    private static final String SECURITY = "dev.perigee.home.security..";

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.perigee.home.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule theLogKnowsNobody = noClasses()
            .that()
            .resideInAPackage(LOG)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(DATABASE, WAL, EDGES, QUERY, SECURITY);

    @ArchTest
    static final ArchRule theDatabaseIsBelowTheWal = noClasses()
            .that()
            .resideInAPackage(DATABASE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(WAL, EDGES, QUERY, SECURITY)
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theWalIsBelowWhatIsMadeOfIt = noClasses()
            .that()
            .resideInAPackage(WAL)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(EDGES, QUERY, SECURITY);

    @ArchTest
    static final ArchRule edgesAndQueriesDoNotMeet = noClasses()
            .that()
            .resideInAPackage(EDGES)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(QUERY, SECURITY);

    @ArchTest
    static final ArchRule nothingDependsOnSecurity = noClasses()
            .that()
            .resideOutsideOfPackage(SECURITY)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(SECURITY);

    @ArchTest
    static final ArchRule queriesDoNotKnowEdges = noClasses()
            .that()
            .resideInAPackage(QUERY)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(EDGES)
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule tunnelsKnowTheDatabaseAlone = noClasses()
            .that()
            .resideInAPackage(TUNNEL)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(LOG, WAL, EDGES, QUERY, SECURITY);

    @ArchTest
    static final ArchRule nobodyKnowsTheTunnels = noClasses()
            .that()
            .resideOutsideOfPackage(TUNNEL)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(TUNNEL);

    @ArchTest
    static final ArchRule theCoreIsPlainJava = noClasses()
            .that()
            .resideInAPackage(LOG)
            .or()
            .haveNameMatching("dev\\.perigee\\.home\\.edges\\.(EdgeSession|EdgeRegistry|EdgeTally|EdgeTallies|Vitals"
                    + "|RequestRate|EligibilityTable|AckWindow|SentFrames|LogCursor|Frame|Moment|Source)")
            .or()
            .haveNameMatching("dev\\.perigee\\.home\\.wal\\.(VisibilityGate|Snapshot)")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework..", "reactor..", "io.netty..", "io.r2dbc..", "java.io..");

    @ArchTest
    static final ArchRule packagesAreNamedAfterWhatTheyDo = classes()
            .should()
            .resideOutsideOfPackages("..util..", "..utils..", "..config..", "..impl..", "..common..", "..helper..");
}
