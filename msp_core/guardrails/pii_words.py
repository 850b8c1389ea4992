"""The words by which personal data is recognised in texts of IT support, in several languages."""


def _any_of(entries: str) -> str:
    """A group that matches any of the entries, which `|` and line ends part; longer ones first."""
    parts = (part.strip() for line in entries.split("\n") for part in line.split("|"))
    return f"(?:{'|'.join(sorted(filter(None, parts), key=len, reverse=True))})"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HEADER_LABELS = _any_of(r"""
    From|To|Cc|cc|Bcc|Sent by|Von|An|De|À|A|Para|Expéditeur|Absender|Empfänger|Reply-To|Caller
    Requested by|Reported by|Requester|Requestor|Requested for|Contact|Contact person|Contact name
    Employee|Employee name|User|User name|Full name|First name|Last name|Display name|New user
    New user name|New hire|New starter|Name|Manager|Manager name|Approved by|Anrufer|Anruferin
    Ansprechpartner|Ansprechpartnerin|Kontakt|Mitarbeiter|Mitarbeiterin|Benutzer|Contacto
    Solicitante|Empleado|Nombre|Nom|Demandeur|Signed|Attn|Attention|FAO|z\. ?Hd\.
    """)
"""Before a colon, with names behind it."""

TITLES = _any_of(r"""
    Mr\.?|Mrs\.?|Ms\.|Ms(?= [A-Z][a-z])|Miss|Dr\.?|Prof\.|Herrn?|Frau|Hr\.|Sra?\.|Señora?|Don|Doña
    Mme|Mlle|Madame|Monsieur|M\.
    """)
"""Before a name, anywhere."""

GREETINGS = _any_of(r"""
    Hi|Hello|Hey|Dear|Good morning|Good afternoon|Good evening|Good day|Morning|Afternoon|Hallo
    Liebe|Lieber|Liebes|Guten Tag|Guten Morgen|Guten Abend|Sehr geehrte|Sehr geehrter|Moin|Servus
    Grüß Gott|Hola|Buenos días|Buenas tardes|Buenas noches|Estimado|Estimada|Querido|Querida
    Bonjour|Bonsoir|Salut|Cher|Chère|Allô|Thanks|Thank you|Danke|Gracias|Merci
    """)
"""At the start of a line, with a name behind it."""

CLOSINGS = _any_of(r"""
    regards|kind regards|best regards|warm regards|many regards|kindest regards|with kind regards
    best|best wishes|thanks|thanks a lot|thanks again|thanks in advance|thanks so much|many thanks
    thank you|thx|cheers|sincerely|yours|yours sincerely|yours faithfully|yours truly|respectfully
    br|kr|mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichen gruessen
    mit besten grüßen|mit lieben grüßen|viele grüße|beste grüße|liebe grüße|freundliche grüße
    schöne grüße|viele grüsse|freundliche grüsse|gruß|gruss|grüße|lg|vg|mfg|danke|danke und gruß
    vielen dank|saludo|saludos|un saludo|un cordial saludo|saludos cordiales|gracias
    muchas gracias|atentamente|cordialement|bien à vous|bonne journée|merci|merci d'avance
    merci beaucoup|salutations|tks|ta
    """)
"""A line with a name below it."""

INTRODUCTIONS = _any_of(r"""
    [Mm]y name is|[Tt]his is|I am|I'm|[Mm]ein Name ist|[Hh]ier ist|[Hh]ier spricht|[Ii]ch bin
    [Mm]e llamo|[Mm]i nombre es|[Ss]oy|[Ll]e habla|[Jj]e m['’]appelle|[Jj]e suis|[Mm]on nom est
    [Ii]ci|[Ss]poke to|[Ss]poke with|[Tt]alked to|[Tt]alked with|[Cc]alled by|[Cc]all from
    [Rr]eported by|[Oo]n behalf of|[Rr]equested by|[Aa]pproved by|[Aa]ccording to|[Pp]er
    [Cc]olleague|[Kk]ollege|[Kk]ollegin|[Ss]igned off by|[Rr]eplacement for|[Aa]ccount for
    [Aa]ccount of
    """)
"""In running text, with a full name behind it."""

SIGNATURE_HINTS = _any_of(r"""
    Manager|Director|Office|Officer|Assistant|Coordinator|Accounting|Accounts|Sales|Reception
    Partner|Lead|Head of|Engineer|Administrator|Department|Dept|Abteilung|Leiter|Leiterin
    Buchhaltung|Vertrieb|Einkauf|Geschäftsführer|Geschäftsführerin|Sekretariat|GmbH|LLP|LLC|Inc
    Ltd|S\.L\.|Group|Departamento|Responsable|Gerente|Directeur|Directrice|Adjointe|Clinic
    Clinique|School|Teacher|Nurse|Supervisor|Foreman|Paralegal|Clerk|Receptionist|Dentist
    Hygienist|Tel|Phone|Mobile|Ext
    """)
"""Near a line that is a name and nothing else."""

STREET_WORDS = _any_of(r"""
    Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Way
    Terrace|Close|Crescent|Parkway|Pkwy|Highway|Hwy|Circle|Mews|Row
    """)
"""Behind a house number and a name."""

NO_PLACE = _any_of(r"""
    Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Jahr|Monat
    Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|Raum|Zimmer|Büro|Server|Port|Rack
    """)
"""Behind `Am` or `Im`, and no street."""

PHONE_LABELS = _any_of(r"""
    tel|telefon|telephone|téléphone|tél|phone|mobil|mobile|cell|handy|fax|tfno|teléfono|telefono
    móvil|movil|call at|call on|call me at|call me on|call back on|reach me at|reach me on
    reach us at|reach us on
    contact number|phone number|my number is|dial|ring|whatsapp|rückruf|rueckruf|direct|ext
    extension|durchwahl|nebenstelle|poste
    """)
"""Before a phone number of any form."""

COUNT_LABELS = _any_of(r"""
    serial|s/n|sn|seriennummer|imei|iccid|order|bestell\w{0,10}|invoice|rechnung\w{0,10}|po|part
    p/n|asset|event|case|ticket|ref\w{0,6}|build|version|firmware|error|code|kb|id|sid
    """)
"""Before a number that counts or names a thing."""

SECRET_LABELS = _any_of(r"""
    password|passwort|passphrase|passcode|kennwort|contraseña|contrasena|clave|mot de passe|mdp
    pwd|pw|pin|secret|client[ _-]?secret|api[ _-]?key|access[ _-]?key|account ?key|shared ?key
    pre-?shared key|psk|token|sig|snmp community|community string|pass|passwd|credentials
    """)
"""Before a password or key."""

LOGIN_LABELS = _any_of(r"""
    user ?name|user ?id|login|login ?name|log-?on|log-?on name|samaccountname|account name
    benutzername|benutzerkennung|anmeldename|nombre de usuario|usuario|identifiant
    """)
"""Before a login name, with a colon."""

EMPLOYEE_LABELS = _any_of(r"""
    employee ?no\.?|employee ?nr\.?|employee ?number|employee ?id|employee ?#|staff ?no\.?
    staff ?nr\.?|staff ?number|staff ?id|staff ?#|personnel ?no\.?|personnel ?nr\.?
    personnel ?number|personnel ?id|personnel ?#|payroll ?no\.?|payroll ?nr\.?|payroll ?number
    payroll ?id|payroll ?#|emp ?no\.?|emp ?nr\.?|emp ?number|emp ?id|emp ?#|badge ?no\.?
    badge ?nr\.?|badge ?number|badge ?id|badge ?#|personal-?nummer|personal-?nr\.?
    mitarbeiternummer|mitarbeiter-?nr\.?|número de empleado|numero de empleado
    n[ºo°]\.? de empleado|matricule|numéro d['’]employé
    """)
"""Before an employee's number."""

NOT_NAMES = _words("""
    a access account accounting accounts active ad address admin administrator adobe after again
    al alert alerts all alle also am america an anbei and android anruf any anyone ap app apple ar
    as asap at attached attachment au auch august authenticator aux avec azure backup bank beim
    billing bitlocker bitte bonjour both buenas buenos but c'est call can cannot category ce cela
    ceo cfo check chicos chrome cisco citrix client cloud colleague colleagues company compañeros
    computer con conference confidential contact coo copier crm cto cuando customer customers da
    damen dann dans das dc de december default dell department depuis der des description desde
    desk desktop details device dhcp die dienstag disk dispatch dns domain donnerstag dos drive
    driver drucker du durch edge ein el ella elle email emails en engineer entra equipo er erp
    error es escalation est esta este esxi et europe event everybody everyone excel exchange favor
    february finance firewall first folder folks for fortigate fortinet fr freitag friday from
    front gestern group guys hello help helpdesk here herren heute hi hier high hilfe host hosts
    hoy hp hr hyper-v i ich if ihnen ihr il im impresora in incident internet intune ip is issue
    it it-support it-team january je jetzt jeudi jueves july june just kaspersky kein kollegen
    l'équipe la laptop las last le legal leider lenovo les linux list lo location login los low
    lundi lunes línea mac madam madame mail mais mal managed march mardi marketing martes may
    mañana medium meeting merci mercredi message mfa microsoft mitarbeiter mittwoch miércoles mon
    monday monitor monitoring monsieur montag morgen msp my n/a na nach nas network never new nice
    nicht no no-reply nobody noch nochmal nochmals none noreply norton nos not note nothing nous
    november null nur october office ok okay on once onedrive only open operations operator oracle
    ou our outage outlook outlook's para passwort payroll pc peer people pero phone please policy
    por port portal postmaster pour power powershell printer priority problem project quand que
    queue qui quick quickbooks rdp re reception rechner regards report request resolved root
    router sales saml samstag san saturday scan scanner scheduling second secretary security see
    sehr seit sent september server service service-desk servicedesk session señores sharepoint
    sie sir site smb so some somebody someone son sonntag soporte sorry spooler ssl sso staff
    status still subject sunday support supportteam sur switch system system-administrator sábado
    tablet team teams telefon thanks that the there they third this thursday ticket time title tls
    to today todos tomorrow tous toute training tuesday turno un una und une unknown uns update
    ups urgence urgent us user users usted veeam vendredi version via viele viernes vip vmware
    voip vom von vous vpn warning we webmaster wednesday what when which why wi-fi wifi will
    windows wir with word work xerox y ya yes yesterday you your zoom zusammen à ça équipe
    manager director officer assistant coordinator accountant supervisor foreman paralegal clerk
    receptionist dentist hygienist nurse teacher lead head partner abteilung leiter leiterin payable
    buchhaltung vertrieb einkauf sekretariat departamento responsable gerente directeur directrice
    practice generalist specialist analyst consultant inc gmbh llp llc ltd counter construction
    clinic clinique school comercial exportación facturation engagement receivable
    """)
"""Capitalised words that begin a line or follow a greeting and are nobody's name."""

NO_DOMAIN = _words("""
    appdata apppool authority bin builtin desktop documents drivers font hkcr hkcu hkey hklm hku
    microsoft netlogon program scripts service software spool system system32 sysvol syswow64 temp
    users windows winnt workgroup
    """)
"""Left of a backslash, and no login domain."""

NO_USER = _words("""
    admin administrator administrators all anonymous default disabled domain everyone guest guests
    interactive local localservice locked na network networkservice none null pi public required
    root runner service system test ubuntu unbekannt unknown user username users wrong
    """)
"""Logins that are no person's."""

NO_STREET = _words("""
    available cloud data day days disk dvd encrypted external failed fiber flash free gb gigabit
    google hard hdd home hour hours kb lane link logical mapped mb more network new nvme old one
    open optical other pci pcie port ports raid sas sata shared spare ssd system tape tb three
    thumb two usb user users virtual windows switch layer router server
    vlan slot bay tray cable
    """)
"""Between a number and a word such as Drive, when no street is meant."""

_IBAN = _words("""
    AD:24 AE:23 AL:28 AT:20 BA:20 BE:16 BG:22 BH:22 BR:29 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18
    DO:28 EE:20 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 HR:21 HU:28 IE:22 IL:23
    IS:26 IT:27 KW:30 KZ:20 LB:28 LI:21 LT:20 LU:20 LV:21 MC:27 MD:24 ME:22 MK:19 MT:31 NL:18
    NO:15 PL:28 PT:25 QA:29 RO:24 RS:22 SA:24 SE:24 SI:19 SK:24 SM:27 TN:24 TR:26 UA:29
    """)
IBAN_LENGTHS = {entry[:2]: int(entry[3:]) for entry in _IBAN}
"""Length of a bank account number by country (IBAN registry); others are not accepted."""
