import java.util.*;
import javax.annotation.processing.*;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.TypeElement;
// Its own annotation processor, announced in META-INF/services: would run while it is compiled.
@SupportedAnnotationTypes("*")
public class Processor extends AbstractProcessor {
    static { if (System.getProperty("java.class.path", "").isEmpty()) System.err.println("ESCAPED"); }
    @Override public boolean process(Set<? extends TypeElement> s, RoundEnvironment r) { System.err.println("ESCAPED annotation processing"); return false; }
    public static void main(String[] a) { System.out.println("done"); }
}
