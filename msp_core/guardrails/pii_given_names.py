"""Common given names of the countries whose desks write to ours; none that is an everyday word."""

_NAMES = """
    aaliyah aaron abdul abigail adam adrian agnes ahmed aisha alain alan albert alejandra
    alejandro alessandro alex alexander alexandra alexandre alfred ali alice alicia alina
    alison amanda amara amber amelia amina amir amy ana andre andrea andreas andrew andrés
    angela anita anja anna anne annette anthony antoine anton antonia antonio arjun arthur
    astrid audrey barbara beatrice beatriz ben benedikt benjamin benoît bernard bernd bettina
    birgit bjorn brandon brenda brian brigitte bruno camille carla carlos carmen carol caroline
    catherine cecilia chantal charles charlotte chiara chloe chris christa christian christina
    christine christoph christopher claire clara claudia claus colin connor corinne craig
    cristina curtis cynthia daniel daniela danielle darren dave david deborah declan deepak
    denise dennis derek diana diane diego dieter dirk dmitri dominik donald donna doris dorothy
    douglas duncan dylan edith eduardo edward elaine eleanor elena elif elisabeth elizabeth
    ella ellen emily emma enrique eric erica erik erika ernst esther eva evelyn fabian fatima
    felipe felix fernanda fernando fiona florian frances francesca francesco francisco franck
    frank franz françois françoise fred frederik friedrich gabriel gabriela gabriele gareth
    gary geoff georg george gerald gerard gerhard gertrud giovanni giulia gloria gonzalo graham
    greg gregory guillaume guillermo gustavo günter hamza hanna hannah hans harold harry
    heather heidi heiko heinz helen helena helga henri henrik henry herbert hiroshi holger
    howard hugo hélène ian ibrahim ifeoma ines ingrid irene irina iris isabel isabelle ivan
    jacob jacqueline jacques jaime james jamie jan jana jane janet janice jasmine jason javier
    jay jean jeff jeffrey jennifer jens jeremy jerome jesse jessica jesús jill jim joan joanna
    joaquín jochen joe joel johan johanna johannes john jonas jonathan jordan jorge josef
    joseph joshua josé joyce juan judith julia julian julie jörg jürgen kai karen karin karl
    karsten kate katharina katherine kathleen kathrin katja katrin keith kelly kenji kenneth
    kerstin kevin khalid kim kirsten klaus kristin kurt lachlan lars laura lauren laurent lea
    leah lena leon leonard leticia liam lina linda lisa lois lorenzo louis louise luca lucas
    lucy lucía luis lukas lupe luther lydia magdalena malik manfred manuel manuela marc marcel
    marcin marco marcus maren margaret maria marianne marie marina mario marion marjorie
    marlene marta martha martin martina mary maría mateo mathieu matthew matthias maureen
    maurice max megan mei melanie melissa mercedes michael michel michelle miguel mikael mike
    mila milan miriam mohamed mohammed monica monika monique muhammad murat mélanie nadia
    nadine nancy naomi natalia natalie natasha nathan neil nicholas nick nicola nicolas nicole
    niels nigel nikolai nils nina noah nora norbert norma nuria olaf ole olga oliver olivia
    olivier omar orla oscar oskar owen pablo pamela paola pascal patricia patrick patrik paul
    paula paulo pedro peggy peter petra phil philip philipp philippe pierre pilar priscilla
    priya rachel rafael rahul rainer ralf ralph ramón raquel ravi raymond raúl rebecca regina
    reinhard renate rené ricardo richard ritu rob robert roberta roberto robin rodrigo roger
    roland rolf roman ronald rosa ross roxana roy ruben rupert russell ruth ryan sabine sally
    salma salvador sam samantha samuel sandra sanjay sara sarah sascha scott sean sebastian
    sergio shannon sharon shaun sheila shirley siegfried silke silvia simon simone siobhán
    sofia solveig sonia sonja sophie stacy stefan stefanie stephan stephanie stephen steve
    steven stuart stéphane sunil susan susanne suzanne sven svenja sylvia sylvie tamara tania
    tanja tara tatiana ted teresa terry theo theresa thierry thomas tiffany tim timothy tobias
    todd tom tommy tomás toni tony tracy trevor tyler udo ueli ulrich ulrike ursula uwe
    valentina valerie vanessa vera verónica victor victoria vijay vincent virginia volker
    walter wanda wayne wendy werner wiebke wilhelm william winston wolfgang xavier yannick
    yasmin yolanda youssef yuki yusuf yvette yvonne zoe
"""
GIVEN_NAMES = frozenset(_NAMES.split())
"""In lower case."""
