"""The words that put a turn under a floor, and the routine phrases in which they mean nothing.

Written from what service desks deal with, in English with the frequent German, French and Spanish
words. A turn is matched after its routine phrases are taken out, floor by floor in this order.
"""

import re
from typing import Literal

Floor = Literal["security", "outage", "destructive", "contract"]

FIRST, LAST = 6_000, 2_000
"""Characters that are looked at, from the start and the end of a long message."""

_WHO = r"(?:every(?:one|body)|nobody|no ?one|no (?:staff|user|employee)\w*|none of (?:us|the|our))"
_MANY = (
    r"(?:all|entire|whole|complete|full|both|several|multiple|many|half(?: of)?(?: the)?|most|more"
    r" and more|\d{2,}|a dozen|dozens of|hundreds of)"
)
_PEOPLE = (
    r"(?:users?|people|staff|employees|colleagues|workers|nurses|doctors|teachers|students|teams?"
    r"|seats|agents|engineers|customers|visitors|branch(?:es)?|sites?|offices?|floors?|buildings?"
    r"|shops?|stores?|classrooms?|departments?|company|firm|school|clinic|practice|plant|factory"
    r"|warehouse|ward|hotel|restaurants?|machines|pcs|computers|workstations|printers|phones"
    r"|servers|vms|tablets|scanners|handhelds|terminals|locations?)"
)
_SYSTEM = (
    r"(?:internet|network|wi-?fi|wlan|vpn|servers?|mail|e-?mail|exchange|outlook|teams|sharepoint"
    r"|erp|sap|citrix|phones?|telephony|pbx|dns|dhcp|database|sql\w*|cluster|firewall|switch|router"
    r"|line|website|site|portal|shop|tunnel|hypervisor|storage|san|nas|raid|array|system|systems"
    r"|domain|service|services|connection|environment|power|link|fib(?:re|er)|production)"
)
_DOWN = (
    r"(?:down|dead|offline|gone|out|unreachable|unavailable|crashed|failed|fails|failing|dropped"
    r"|stopped|standing still|stands? still|at a standstill|unusable|died|cut|unavailable"
    r"|not (?:available|reachable"
    r"|responding|working|answering)|(?:isn|aren|doesn|don|can|won)['’]?t (?:\w+ ){0,2}(?:work"
    r"|working|reachable|respond(?:ing)?|answer(?:ing)?|resolv\w+|boot|reach|reachable|available"
    r"|anything))"
)
_CANNOT = (
    r"(?:can(?:not|['’]?t| not)|could(?:n['’]?t| not)|unable to|(?:is|are) locked out|no longer"
    r"|lost|without|won['’]?t|(?:do|does)(?:n['’]?t| not)|isn['’]?t|aren['’]?t|not (?:able|working)"
    r"|refuses?|stuck|kicked out|blue ?screens?|is down|are down|is out|are out|(?:has|have|had|with|got)"
    r" no\b|no (?:connection|access)|unavailable|errors?\b|registration failed|frozen|out of action)"
)
_DATA = (
    r"(?:account|accounts|mailbox(?:es)?|mails?|e-?mails?|data|database|databases|tables?|records?"
    r"|backups?|snapshots?|archives?|files?|folders?|shares?|drives?|disks?|volumes?|servers?|vms?"
    r"|tenants?|subscriptions?|sites?|users?|tickets?|logs?|devices?|phones?|tablets?|ipads?"
    r"|laptops?|machines?|computers?|pcs?|nas|san|partitions?|profiles?|polic(?:y|ies)|zones?|gpo"
    r"|ous?|recordings?|onedrive|articles?|certificates?|keys|licen[cs]es|customers?|everything"
    r"|environments?|queue|iphone|domain controller|TKT-\S+)"
)
_HIS = r"(?:\w+['’]s|\w+['’]|my|his|her|their|our|the|your|that|this|an?|some|old|all|every)"

_ROUTINE = (
    # security
    r"(?:phish\w*|malware|virus|ransomware|suspicious (?:e-?mail|mail|message)) (?:awareness|training"
    r"|course|test|simulation|button|report button|ticket|article|guide|warning|poster|leaflet)\w*",
    r"(?:training|course|article|guide|ticket|poster|leaflet|note|how to report)s? (?:on|about|for"
    r"|how to)? ?(?:report )?(?:an? |the |my )?(?:suspicious|phish\w*|malware|virus|security)\b"
    r"[ \w]{0,12}",
    r"(?:anti-?virus|virus|defender)[ -]?(?:software|scan(?:ner)?|updates?|icon|program|ticket)\w*",
    r"ticket (?:about|on|for) (?:the|an?|my) [\w ]{0,40}",
    # outage
    r"\boutage\b.{0,30}\b(?:documented|over|resolved|ended|solved)\b",
    r"\b(?:only|just) (?:me|my \w+|one user|one pc|his|her)\b.{0,60}",
    r"\bone (?:user|pc|person|colleague)\b.{0,60}|\b(?:everybody|everyone|all others?|my colleagues?) (?:else )?"
    r"(?:can|is fine|are fine|have no|works?)\b",
    r"\b(?:everyone|everybody) in \w+ (?:should|needs to|may|wants)\b",
    r"\b(?:planned|scheduled|last week['’]?s?|yesterday['’]?s?) (?:outage|downtime|maintenance)",
    r"\boutage (?:ticket|note|report|article|mail|list)s?",
    r"\b(?:\d+|new|all|the) users? (?:in|from) (?:january|february|march|april|may|june|july|august"
    r"|september|october|november|december)",
    # destructive
    r"\bdeleted (?:items|mails?|e-?mails?|files?|folders?|users?|elements?|objects?)",
    r"\b(?:i|he|she|we|they|user|somebody|someone) (?:have |has |had )?(?:accidentally )?(?:deleted"
    r"|erased|wiped|removed)\b",
    r"\bversehentlich\b.{0,30}\bgelöscht|\b(?:habe?|hat|haben) .{0,30}\bgelöscht\b",
    r"\bdelete key\b|\bdelete (?:a|one|the second|the first|the last|the duplicate|this) (?:row|line|column|word"
    r"|page|slide|meeting|appointment|mail|comment|duplicate|entry)\b",
    r"\bhow (?:do|can|does|would) (?:i|you|we|one) (?:delete|remove|format|reset|clear|empty|erase)\b",
    r"\bremove \w+ from (?:the )?(?:\w+ ){0,3}(?:list|dl|group|newsletter|cc|ticket|team|channel)\b",
    r"\b(?:browser|teams|outlook|print(?:er)?) (?:cache|queue)\b|\bclear (?:the|my) (?:\w+ )?(?:cache"
    r"|print queue|queue of the|error)\b",
    r"\breset (?:my|the|his|her|their) (?:password|pin|headset|view|mfa)\b",
    # contract
    r"\bcontracts? (?:renewal|end|number|date|pdf|folder|module|file|management|software)\b",
    r"\bcontracts? (?:\w+ ){0,3}(?:filed|stored|saved|renew|expire|end|run out)\b",
    r"\b(?:attach|upload|scan|print|find|rename|save|file|send me|open) (?:\w+ ){0,3}contracts?\b"
    r"|\b(?:signed|scanned?|scan of the) contracts?\b|\bcontracts? (?:folder|share|directory)\b",
    r"\bword \w+ in the\b|\bwo (?:ist|liegt|finde ich) der vertrag|\bdónde está (?:guardado )?el contrato"
    r"|\boù (?:est|se trouve) le contrat",
    r"\bfolder (?:called |named )?contracts?\b",
    r"\bsla (?:plan|due|clock|time|targets?|timer|status|report)\b",
    r"\bdata protection (?:leaflet|training|course|contact|officer|link)\b|\bgdpr (?:training|banner"
    r"|link|course|leaflet)\b",
    r"\b(?:invoice|billing) (?:printer|template|software|program|module|app)\b",
    r"\blawyer['’]?s? (?:office|printer|pc|laptop)\b|\binsurance app\b",
)

_SECURITY = (
    r"\bphish\w*|\bsmish\w*|\bvish\w*|\bransom\w*|\bmalware|\btrojan|\bspyware|\bkey ?logger"
    r"|\bcrypto ?(?:miner|locker|jack\w*)|\bbotnet|\brootkit|\bvirus\b|\bworm\b|\bback ?door",
    r"\b(?:been |got |was |were |am |is |are )?hack(?:ed|er|ers|ing)?\b|\bhijack\w*|\bbreach(?:ed|es)?\b"
    r"(?! of (?:contract|the (?:contract|agreement|sla|service)))(?<!material breach)"
    r"|\bcompromis(?:ed|e|ing)\b|\bintru(?:der|sion|ders)\b|\bbreak-?in\b|\bbroke into\b"
    r"|\bbrute[- ]?forc\w*|\bblackmail\w*|\bextort\w*|\blateral movement|\bexfiltrat\w*"
    r"|\bzero[- ]day|\bexploit\w*|\bvulnerab\w*|\bCVE-\d+|\bimpossible travel|\bdark ?web"
    r"|\bspoof\w*|\bimpersonat\w*|\bidentity theft|\bfraud\w*|\bscam\w*|\bdeep ?fake",
    r"\bstolen\b|\bstole\b|\btheft\b|\bthief\b|\bdata (?:leak|loss incident)|\bleaked\b|\bleak(?:ing)?"
    r" (?:of )?(?:data|customer|our|passwords)",
    r"\b(?:suspicious|unknown|unrecogni[sz]ed|unusual|strange|weird|odd|foreign|unauthori[sz]ed|fake"
    r"|bogus|rogue)\b.{0,25}\b(?:log-?ins?|sign-?ins?|logon|access|e-?mails?|mails?|message|links?"
    r"|attachments?|activit\w+|process(?:es)?|rules?|admin|devices?|usb|calls?|caller|page|site|app"
    r"|powershell|traffic|ip|country|access point|invoice|support|microsoft|forwarding)",
    r"\b(?:log-?ins?|sign-?ins?|logged in|signed in|logons?)\b.{0,40}\b(?:from|in) (?:russia|china"
    r"|nigeria|abroad|another country|an unknown|a foreign|overseas|unknown|a place|a country)",
    r"\b(?:clicked|opened|tapped)\b.{0,30}\b(?:link|attachment|macros?)\b.{0,80}\b(?:entered|typed"
    r"|password|credentials|card|logged|now|enabled|infected|strange|weird|phish\w*|asked)",
    r"\bclicked (?:on )?(?:a|the|that|this) (?:\w+ ){0,3}link\b|\benabled (?:the )?macros\b",
    r"\b(?:gave|given|shared|sent|told|forwarded|handed|disclosed|read out)\b.{0,40}\b(?:password"
    r"|credentials|credit card|login|one-time code|mfa code|code on|pin|passcode|log-?in data)\b",
    r"\b(?:entered|typed|put|filled)\b.{0,40}\b(?:password|credentials|credit card|login|pin)\b.{0,40}\b"
    r"(?:page|site|form|link|mail|looked|fake)|\b(?:link|mail|page|site|form|sms)\b.{0,60}\b(?:entered"
    r"|typed|filled|put)\b.{0,40}\b(?:password|credentials|card|login|pin|data)",
    r"\b(?:lost|missing|left)\b.{0,20}\b(?:phone|laptop|notebook|tablet|ipad|iphone|usb stick|hard"
    r" (?:disk|drive)|device|token|badge)\b.{0,40}\b(?:train|taxi|bus|airport|data|mail|unlocked|mobile"
    r"|company|hotel|caf[eé]|street|on it|vanished)|\blost (?:her|his|my|the|their|a) (?:work |company"
    r" |business )?(?:phone|laptop|notebook|tablet|ipad|iphone)\b",
    r"\b(?:sent|mailed|e-?mailed|forwarded|attached|went)\b.{0,60}\b(?:to the |the )?wrong (?:customer"
    r"|person|recipient|patient|family|client|company|people|group)|\bopen cc\b|\bwrong recipient",
    r"\b(?:my|our|his|her|their) (?:account|mailbox|password)\b.{0,40}\b(?:was not|wasn['’]t) (?:me|him"
    r"|her|us)\b|\b(?:it|that) (?:wasn['’]t|was not) (?:me|him|her|us)\b|\bnot me\b",
    r"\bi (?:did not|didn['’]t|never) (?:start|request|made?|wrote|write|sen[dt]|sign|log)\w*\b"
    r"|\b(?:he|she|they|nobody|none of us)(?: says (?:he|she))? (?:never|did not|didn['’]t)"
    r" (?:ma[dk]e|create|sen[dt]|wr[oi]te|request|start)\w*",
    r"\b(?:mfa|2fa|authenticator|push|login|sign-?in) (?:prompt|request|notification|code|push)s?\b"
    r".{0,60}\b(?:not|keep|never|approved|without|didn|did not|wasn)",
    r"\b(?:posing|pos(?:es|ed)|pretend\w*|claim(?:s|ed|ing)?|says (?:he|she) is|acting)\b.{0,12}\b(?:as"
    r"|to be|from|that (?:he|she)|the|our)\b.{0,60}",
    r"\b(?:changed?|new|different) (?:bank|payment|iban|account|direct deposit) (?:details|number|data)"
    r"?\b|\bnew iban\b|\biban\b.{0,40}\b(?:chang|new|not from)\w*|\bgift cards?\b|\burgent (?:wire"
    r"|transfer|payment)|\bwire transfer",
    r"\bfiles?\b.{0,40}\b(?:encrypted|locked|\.(?:locked|crypt\w*|enc))\b|\bbitcoin|\bencrypted files"
    r"|\bransom note",
    r"\b(?:ex|former)[- ](?:employee|staff|colleague|technician|intern|owner|admin\w*|worker)\b"
    r".{0,60}\b(?:still|access|reads?|reading|log|password|mails?|copied|took)"
    r"|\bstill (?:has|have|had) (?:admin )?access\b",
    r"\b(?:give|send|tell|need|want|get)\b.{0,30}\b(?:domain |global |local )?admin(?:istrator)?"
    r" (?:rights|password|access|credentials|account)",
    r"\b(?:reset|switch off|turn off|disable|remove|bypass)\b.{0,20}\b(?:mfa|2fa|two-factor"
    r"|password)\b.{0,60}\b(?:ceo|cfo|director|owner|boss|calling|call(?:s|er)|urgent|private|new"
    r" number|abroad|texts?)",
    r"\b(?:access|look|log ?in)\b.{0,30}\b(?:boss['’]s|wife['’]s|husband['’]s|colleague['’]s|other"
    r" people['’]s) (?:mailbox|account|mail)|\b(?:does(?:n['’]t| not)|must not) (?:have to )?know\b"
    r"|\bwithout (?:his|her|their) knowledge",
    r"\b(?:patient|medical|personal|customer|payroll|salary|hr|client)\b.{0,30}\b(?:data|records?"
    r"|files?|folder|list|results?)\b.{0,60}\b(?:exposed|public|open to|reachable|visible|outside"
    r"|accessible|leak\w*|wrong|accident|anonymous|sold|seen by|copied)",
    r"\b(?:public (?:share|link|repo\w*)|reportable incident|privacy incident|data incident|security"
    r" incident|personal data breach)\b|\bincident\b.{0,30}\breport\w* to the authorit",
    r"\b(?:antivirus|anti-virus|defender|edr|xdr|siem|crowdstrike|sentinel\w*)\b.{0,30}\b(?:flag\w*"
    r"|detect\w*|isolat\w*|quarantin\w*|alert\w*|found|block\w*|turned itself|disabled|shows)",
    r"\b(?:mouse|cursor)\b.{0,15}\bmov\w+ by itself|\bwatched\b|\bspying\b|\bspie[sd]\b",
    r"\b(?:mfa|2fa|password)[- ]reset\b.{0,60}\b(?:director|ceo|cfo|boss|question|identi\w+|verif\w+)"
    r"|\b(?:couldn['’]?t|could not|can['’]?t|cannot|refus\w+ to) (?:answer|verify|prove|identify)\b",
    r"\bnew (?:global |domain |local )?admin\b.{0,60}\b(?:created|tenant|account|never|none)",
    r"\b(?:someone|somebody|stranger|anyone)(?: else)?\b.{0,20}\b(?:logged|signed|got|getting|read"
    r"|reads|reading|copied|copying|accessed|used|using|changed|watch\w*|leaked|sold)\b.{0,60}\b(?:as me"
    r"|in|my|our|data|details|account|mailbox|folder|payroll|password)\b|\bwith a stranger",
    r"\b(?:outsiders?|guests?|strangers?|(?:someone|people|person) (?:outside|from outside))\b.{0,30}\b"
    r"(?:see|saw|read|reach|open|access|download)\w*|\bguest (?:wi-?fi|network)\b.{0,30}\b(?:lets"
    r"|reach\w*|access\w*) ",
    r"\b(?:password|credentials?|keys?|token|secret)s?\b.{0,40}\b(?:public|git(?:hub|lab)?|pastebin"
    r"|post-?it|share)\b|\bc2\b|\bcommand and control|\bthreat intel",
    r"\b(?:he|she|they|caller|someone|somebody|man|woman|person|guy|support|auditor|stranger)\b.{0,40}\b"
    r"(?:asked|asks|wants?|wanted|demands?)\b.{0,25}\b(?:codes?|passwords?|credentials|login)\b",
    r"\bspam\b.{0,25}\bfrom (?:our|my|us)\b|\bsent \d[\d,.]* (?:mails|e-?mails|spam)",
    # German, French, Spanish
    r"\b(?:gehackt|hacker\w*|schadsoftware|verschlüsselungstrojaner|trojaner|erpress\w*|lösegeld"
    r"|kompromittiert|datenpanne|datenleck|datenschutzvorfall|sicherheitsvorfall|gestohlen|geklaut"
    r"|diebstahl|verdächtig\w*|unbekannte\w*|unbefugt\w*|betrug\w*|betrüger\w*|gefälscht\w*"
    r"|eingedrungen|einbruch|ausgespäht|sicherheitslücke|abgeflossen)\b",
    r"\bverschlüsselt\b.{0,60}|\b(?:falsche[nr]?) (?:empfänger|kunden?|person|adressat)\w*"
    r"|\bgibt sich als\b|\bauf (?:den|einen) link\b.{0,40}\b(?:geklickt|gedrückt)|\b(?:handy|laptop"
    r"|notebook)\b.{0,20}\bverloren\b|\behemalige\w*\b.{0,40}\b(?:zugriff|zugang|noch)\b"
    r"|\b(?:kennwort|passwort|zugangsdaten)\b.{0,25}\b(?:eingegeben|weitergegeben|verraten|bekannt)",
    r"\b(?:pirat(?:é|age|er)\w*|hameçonnage|rançon\w*|logiciel malveillant|virus|cheval de troie"
    r"|volée?s?|volé|vol de|suspecte?s?|usurp\w*|fuite de données|intrusion|compromise?s?|escroqu\w*"
    r"|arnaque\w*|fraud\w*|chiffrés|malveillant\w*)\b",
    r"\bse fait passer pour\b|\bmauvais(?:e)? (?:personne|destinataire|client)|\bconnexions? (?:inconnue"
    r"|suspecte)\w*|\bancien(?:ne)? (?:salari|employ|collab)\w*\b.{0,40}\b(?:encore|accès|connect)\w*",
    r"\b(?:hackead\w*|pirate\w*|robad\w*|robaron|robo|rescate|sospechos\w*|cifrados|estafa\w*|fraude"
    r"|suplant\w*|intrus\w*|comprometid\w*|fuga de datos|vulnerad\w*)\b",
    r"\bse hace pasar\b|\binicios? de sesión\b.{0,40}\b(?:otro|extra|nadie|descon)\w*|\bpor error\b"
    r".{0,40}\b(?:datos|otro cliente)|\bdatos personales\b.{0,40}\b(?:otr|error|equivocad)\w*",
)

_OUTAGE = (
    r"\boutage\b|\bblack ?out\b|\bpower (?:cut|failure|outage)\b|\bmajor incident\b|\bstandstill\b",
    rf"\b{_WHO}\b.{{0,60}}(?:{_CANNOT}|\b(?:can|gets?|is able|talk|works?|reach|log|sign|print"
    r"|receive)\b|\b(?:has|have) (?:internet|access|mail|network|a connection|phone))",
    rf"{_CANNOT}.{{0,40}}\b(?:for )?(?:every(?:one|body)|anyone|anybody|all of us|(?:all|every) (?:user"
    r"|staff|colleague|employee)s?)\b",
    rf"\b{_MANY} (?:of )?(?:the |our |of |my )?(?:\w+ ){{0,2}}{_PEOPLE}\b.{{0,80}}(?:{_CANNOT}|\b{_DOWN})",
    rf"(?:{_CANNOT}|\b{_DOWN}).{{0,60}}\b(?:for|in|by|on|to|at|across) (?:\w+ ){{0,2}}{_MANY} (?:of )?"
    rf"(?:the |our )?(?:\w+ ){{0,2}}{_PEOPLE}",
    rf"\b(?:whole|entire|complete|half the) (?:\w+ )?{_PEOPLE}\b.{{0,60}}(?:{_CANNOT}|{_DOWN}|\bwait)",
    rf"\b(?:internet|network|site|server|erp|sap|citrix|exchange|mail server|file server|terminal server"
    r"|database(?: server)?|domain controller|hosted desktop|software|radio|gps|firewall|core switch|main switch|switch|vpn|pbx|phone"
    r" system|website|web ?shop|online shop|hypervisor|cluster|dns|dhcp|data cent(?:er|re)|server room"
    rf"|internet line|line|fib(?:re|er)|portal|e-?mail|mail|wi-?fi|production)\b"
    rf"(?!.{{0,20}}\b(?:my|his|her|one)\b).{{0,20}}(?:\b(?:is|are|has"
    rf"|have|was|were|went|just|seems?|looks?|keeps?) )?\b{_DOWN}\b",
    rf"\b{_SYSTEM} (?:is |are |has |went |just |completely |totally ){{0,2}}(?:down|dead|crashed|collapsed"
    r"|unreachable|offline|gone)\b",
    rf"\b(?:every|each|all)\b.{{0,30}}\b(?:in|on|at) (?:the |our )?(?:\w+ )?(?:building|floor|office|site"
    rf"|house|branch|hall|company|school|ward)\b.{{0,40}}(?:{_CANNOT}|{_DOWN}|without)",
    rf"\b{_PEOPLE}\b.{{0,30}}\b(?:\d+ (?:to|and|through|-) ?\d+|first|second|third|ground)\b.{{0,60}}"
    rf"{_CANNOT}",
    r"\bnothing works\b|\bnot a single\b|\bthe ward\b.{0,30}\bno access|\bunavailable (?:to|for) (?:all"
    r"|any|every)",
    r"\b(?:company|site|office|firm|plant|branch|school|clinic)-?wide\b",
    r"\b(?:no|not a single|aucun) (?:internet|network|phones?|e-?mails?|mail|power|dial tone|workstation"
    r"|computers?|connection)\b.{0,40}\b(?:at all|anywhere|office|site|building|floor|branch|since"
    r"|whole|works?|here)\b",
    r"\b(?:we|the (?:clinic|school|shop|office|hotel|firm|company|team|plant|staff|ward|practice|branch"
    r"|warehouse|\w+ department)) (?:can(?:not|['’]t| not)|are unable to|is unable to) (?:work|sell|ship"
    r"|invoice|bill|take|serve|operate|produce|deliver|receive|answer|check (?:anybody|anyone|in)|open"
    r" (?:any|the (?:shop|store|doors))|reach (?:any|the server))",
    r"\b(?:all|our) (?:remote |other )?(?:sites?|branches|shops|stores|locations|phones|calls|vms"
    r"|servers|lines)\b.{0,30}\b(?:dropped|stopped|down|off|out|failed|stand|lost|unreachable)\b",
    r"\b(?:quorum|boot loop|floors? (?:is|are) dark|dead in the water|out of order|sit(?:ting)? idle)\b.{0,1}",
    r"\bproduction\b.{0,30}\b(?:stopp\w*|stands?|halt\w*|still|idle|line)\b",
    r"\b(?:not only|not just|isn['’]t only|isn['’]t just|it['’]s not just) (?:me|us|my)\b",
    r"\b(?:raid|array|storage|cluster|ups|air condition\w*|cooling|generator)\b.{0,30}\b(?:failed"
    r"|failure|lost|full|dead|paused|degraded|kicked in)\b",
    # German, French, Spanish
    r"\b(?:total)?ausfall\b|\bausgefallen\b|\bstromausfall|\bstillstand|\bniemand\b.{0,40}\bkann\b|"
    r"\bkann niemand\b|\bkeiner\b.{0,30}\bkann\b|\bkein(?:e[rnm]?)?\b.{0,20}\bmehr\b.{0,20}\b(?:arbeiten"
    r"|anmelden|telefon|internet)|\bkeinem?\b.{0,20}\bmehr\b",
    r"\b(?:ganze[nrsm]?|gesamte[nrsm]?|komplette[nrsm]?|alle[nr]?)\b.{0,40}\b(?:ohne|steht|stehen|geht"
    r" nicht|geht kein\w*|gehen nicht|weg|offline|ausgefallen|tot|still|funktionier\w+ nicht|nicht"
    r" erreichbar|lahm\w*)\b|\bnicht erreichbar\b|\bim ganzen (?:haus|büro|werk)\b|\babgestürzt\b"
    r".{0,40}\b(?:keiner|niemand|alle)\b|\bserver\b.{0,25}\b(?:down|abgestürzt|tot|hoch)\b",
    r"\bpanne\b|\bhors service\b|\bpersonne\b.{0,30}\b(?:peut|accès|a accès|n['’])|\btou(?:s|te|tes)\b"
    r".{0,50}\b(?:bloqu\w+|déconnect\w+|hors|sans|arrêt\w*|coup\w+|en panne)\b|\btombée?\b|\baucune?\b"
    r".{0,30}\b(?:ne passe|ne démarre|ne fonctionne|ne marche|poste|appel)\b|\bne répond (?:plus|pas)\b"
    r"|\bplus (?:personne|aucun)\b|\bcoupure\b",
    r"\bnadie\b|\bning[uú]n\w*\b.{0,30}\b(?:puede|funciona|entra)|\btod[ao]s?\b.{0,50}\b(?:sin"
    r"|parad\w+|caíd\w+|bloquead\w+|no (?:funciona|pueden))\b|\bse ha caído\b|\bcaíd[ao]\b|\bno"
    r" podemos\b|\bapag[oó]n\b|\bno pueden\b|\bcentralita\b.{0,20}\bno\b|\bcaída (?:de|del|total)\b",
)

_DESTRUCTIVE = (
    rf"\b(?:delete|erase|purge|wipe|shred|nuke|destroy|trash|scrap|discard|obliterate|truncate"
    rf"|decommission|deprovision|reimage|re-image|overwrite)\b(?:.{{0,60}}\b{_DATA}\b|\W*$)",
    r"\b(?:delete|erase|wipe|purge|nuke|destroy|trash) (?:it|them|that|those|this|these|all|every\w*"
    r"|both|him|her|his|\w+['’]s)\b",
    r"\bwip(?:e|ing)\b(?! (?:the |my )?(?:screen|glasses))|\bpurge\b|\bshred(?:ded)?\b|\bdecommission\w*"
    r"|\breimag\w+|\bdeprovision\w*|\bfactory[- ](?:reset|settings|defaults)|\breset\b.{0,30}\bto"
    r" (?:factory|default)|\brm -rf|\bdiskpart|\bdban\b|\bformat c:",
    r"\b(?:format|reformat|initiali[sz]e|repartition)\b.{0,20}\b(?:nas|disks?|drives?|server|array|hard"
    r"|ssd|volume|partition|storage|san|stick)\b",
    rf"\bremove\b.{{0,30}}\b(?:all|every|old|whole|entire|complete\w*|permanent\w*|ten|\d+)\b.{{0,40}}\b"
    rf"{_DATA}\b|\b(?:remove|clear|clean|empty|flush|drop|dump|kill|cancel)\b.{{0,25}}\b(?:backups?"
    r"|snapshots?|databases?|db|tables?|mailbox(?:es)?|archive|vms?|volumes?|tenants?|subscriptions?"
    r"|domain controller|file server|retention|queue, all|recycle bin|journal|shared drive)\b",
    r"\bdrop (?:the |all |every )?(?:\w+ )?(?:database|db|table|schema|index)\w*\b|\bdrop table\b",
    rf"\b(?:clear|clean|empty|flush)(?: out)?\b.{{0,15}}\b(?:all|whole|entire|every\w*|old)\b.{{0,40}}\b"
    rf"{_DATA}\b|\bempty (?:the )?(?:recycle bin|trash)\b",
    r"\b(?:get rid of|throw away|blow away|tear down|platt|scrap|pull down|shut down)\b.{0,40}\b(?:server"
    r"|controller|vm|tenant|environment|mail|mails|data|profile|ost|share|subscription|drive|demo)\b",
    r"\b(?:restore|roll(?: \w+){0,3} back|revert|rollback)\b.{0,60}\b(?:over|onto|live|production"
    r"|snapshot|clean image|on top|current|of monday|last week)\b|\bover the (?:live|current"
    r"|production)\b",
    r"\bfrom (?:scratch|zero|a blank disk)\b|\bstart over\b|\brebuild (?:the )?array",
    r"\b(?:turn|switch)(?:ed)? off\b.{0,20}\b(?:backups?|litigation hold|retention)\b|\blitigation hold",
    r"\b(?:deleted|removed|wiped|erased|gone|cleared)\b.{0,25}\b(?:for good|permanently|for ever|forever"
    r"|from your system|by tonight|completely)\b|\bpermanent(?:ly)? (?:delet|remov|eras)\w*"
    r"|\b(?:can|should|must|to|be) (?:be )?(?:deleted|wiped|erased|shredded|purged|overwritten"
    r"|destroyed)\b",
    r"\boverwrit\w+|\bdump the\b|\bpolicy\b.{0,20}\b(?:removes?|deletes?)\b"
    r"|\bremoves? (?:mail|mails|files|data)\b.{0,20}\bolder than\b",
    r"\bremove my account\b|\beverything of (?:his|hers|theirs)\b|\b(?:and|with|including) (?:everything (?:that|of|in|on)"
    r"|all (?:of )?(?:its|his|her|their)|its disks|its data)\b",
    # German, French, Spanish
    r"\b(?:lösch\w*|gelöscht|löschen)\b(?!.{0,30}\bversehentlich)|\bformatier\w*|\bplattmach\w*"
    r"|\bplatt machen\b|\bwerkseinstellung\w*|\büberschreib\w*|\bvernichte\w*|\bwegwerf\w*|\bneu"
    r" aufsetzen\b|\bendgültig\b.{0,20}\bentfern\w*|\ball\w*\b.{0,30}\bentfern\w*",
    r"\b(?:supprim(?:e|er|ez|ons)|efface[rz]?|formate[rz]?|écrase[rz]?|détrui\w+|vider?|videz"
    r"|réinitialise\w*|purge[rz]?)\b",
    r"\b(?:borra|borrar|borre|borren|bórra\w*|elimina|eliminar|elimine|elimín\w*|formatea\w*|vacía"
    r"|vaciar|destru\w+|sobrescrib\w*|restablec\w+|restaura\w*|quita todas)\b",
)

_CONTRACT = (
    r"\bcontract(?:s|ual|ually)?\b|\bagreement\b|\bterms of\b|\byour terms\b|\bclause\b|\bwarranty"
    r" (?:claim|or)|\bis (?:this|that|it) (?:under )?warranty|\bhonou?r the warranty",
    r"\bsla\b.{0,20}\b(?:breach|credit|penalt\w+|violat\w+|missed|not met)|\bpenalt(?:y|ies)\b"
    r"|\bservice credit|\bcredit (?:us|note|me|them|the|back)\b|\bbreach of\b|\bmaterial breach"
    r"|\b(?:missed|meet|met|keep|kept|violat\w+) (?:the |your |our )?(?:sla|service level|response"
    r" times?|target|deadline|obligations)",
    r"\bcompensat\w*|\brefund\w*|\bmoney back\b|\breimburs\w*|\bdamages\b|\bliab\w+|\baccountable\b"
    r"|\bhold you responsible|\bat fault\b|\byour fault\b|\bour fault\b|\bdemands?\b.{0,30}\b(?:admit"
    r"|credit|refund|pay\w*)|\badmit\b.{0,20}\b(?:mistake|fault|guilt)",
    r"\binsurance\b|\binsurer|\buntil they(?:['’]ve| have) paid|\blawyers?\b|\battorney|\blegal (?:action|steps|claim|wording|department|position|advice)"
    r"|\bsue\b|\bsued\b|\blawsuit|\bcourt (?:case|action|order)|\bformal (?:warning|notice|complaint)",
    r"\bgdpr\b|\bhipaa\b|\bphipa\b|\bccpa\b|\bnis ?2\b|\bpci\b|\bcomplian\w+|\bregulat(?:ion|or|ory)s?\b"
    r"|\bauditors?\b|\bcertif(?:y|ies) (?:that|to)|\bprocessing agreement|\bdata protection authority",
    r"\bcancel\b.{0,20}\b(?:agreement|service|plan|subscription|contract|support)|\bterminat\w+"
    r" (?:early|our|the|of (?:the|our))\b|\bnotice period|\bgive notice|\brenegotiat\w*|\bextend\b.{0,20}\b(?:plan|contract"
    r"|agreement)|\b(?:upgrade|downgrade|switch) (?:us|me|them)? ?to (?:the )?\w+ (?:plan|package)",
    r"\b(?:included|covered|covers?|billable|billed?|charged?)\b.{0,40}\b(?:contract|plan|support|flat"
    r"|rate|twice|saturday|sunday|weekend|hours?|visit|month\w*|replac\w+|extra|separately)\b"
    r"|\b(?:contract|plan|support|saturday|sunday|weekend|hours?|visit|work|this|that|it)\b.{0,40}\b"
    r"(?:included|covered|billable|billed|charged|extra cost|an extra)\b|\bcharg\w+ (?:us|me|for|them)\b"
    r"|\bextra (?:cost|charge|fee|pay)\w*|\bfree of charge|\bflat rate|\bon (?:our|your|whose) (?:tab"
    r"|bill)|\bat (?:our|your|whose) (?:cost|expense)",
    r"\b(?:dispute|contest|withhold|refuse)\b.{0,30}\b(?:invoice|bill|payment|pay|charge)|\bnot paying\b"
    r"|\bwon['’]t pay\b|\bunpaid\b|\binvoice\b.{0,40}\b(?:wrong|twice|dispute|never ordered|too high"
    r"|incorrect|not agreed)|\b(?:who|whoever) (?:pays?|bears|is (?:liable|responsible))\b|\bdo we pay\b"
    r"|\bwe pay for\b|\bowed?\b.{0,15}\b(?:us|them|you|we|anything|for)\b|\bwe owe\b",
    r"\b(?:discount|price increase|quote for|how much (?:would|does|will) it cost|what (?:would|does|will)"
    r" (?:it|that|this) cost|maintenance fee|monthly fee|hourly rate|double rate|extra costs?|pay"
    r" less)\b",
    r"\b(?:confirm|state|declare|certify|guarantee|promise|assure|commit|acknowledge)\w*\b.{0,60}\b(?:in"
    r" writing|officially|that (?:it|this|you|we|no|all|everything)|by (?:friday|monday|tuesday"
    r"|wednesday|thursday|noon|tomorrow|tonight)|to (?:the|a) (?:auditor|customer|client|recovery|fix"
    r"|delivery)|recovery)\b|\bin writing\b|\bguaranteed?\b|\bsigned statement|\b(?:official|written)"
    r" statement|\byour statement\b|\byou promised\b|\byou committed\b",
    r"\b(?:on (?:our|my|their|your) behalf|in my name|in our name|i['’]m authori[sz]ed|sign (?:the|it"
    r"|for)|approve the (?:quote|offer|order)|accept the (?:offer|quote|change|extra|costs?)|order"
    r" (?:\w+ ){0,2}licen[cs]es|agree to the)\b",
    # German, French, Spanish
    r"\bvertrag(?:s|es|lich\w*|sstrafe)?\b|\b\w*vertrag\b|\bkündig\w*|\bhaft(?:et|ung|bar)\w*|\banwalt\w*"
    r"|\bgutschrift|\bschadens?ersatz|\berstatt\w*|\bdsgvo|\bauftragsverarbeitung|\bgarantie\b.{0,30}\b"
    r"(?:fall|noch|anspruch)|\bnoch garantie|\bzusicher\w*|\bschriftlich\b|\bwir zahlen\b|\bwas kostet"
    r"|\brechnung\b.{0,40}\b(?:nicht|falsch|doppelt|stimmt)|\bvertragsstrafe|\bentschädig\w*|\brabatt"
    r"|\bmahn\w*|\brechtlich\w*|\bverzug\b|\bim namen\b",
    r"\bcontrats?\b|\brésili\w*|\bavocat\w*|\brembours\w*|\bindemni\w*|\bresponsable\b.{0,30}\b(?:perte"
    r"|dommage|paie)|\bqui (?:paie|est responsable)|\bpénalit\w*|\brgpd|\bgaranti(?:r|ssez)\b|\bdommages\b"
    r"|\bfacture\b.{0,50}\b(?:fausse|erreur|paierons|pas)\b|\bcomprise?\b.{0,30}\bcontrat|\bdevis\b"
    r"|\bpar écrit\b|\bau nom de\b|\bpréavis\b|\bmise en demeure",
    r"\bcontrato\w*|\brescind\w*|\babogad\w*|\bcompensaci\w*|\bindemni\w*|\breembols\w*|\bpenalizaci\w*"
    r"|\brgpd|\bgarantiz\w*|\bquién paga|\bincluid[oa]\b|\bfactura\b.{0,50}\b(?:no|incorrect\w*|pagar)"
    r"|\bpor escrito\b|\bdaños\b|\bdescuento|\bpresupuesto|\ben nombre de\b|\bdemanda\b|\bresponsable"
    r" de\b",
)


_SENTENCE_END = re.compile(r"[.!?;]+(?=\s|$)|\n+")
_WRAP = re.compile(r"(?<=[\w,])\n(?=[a-zäöü])")


def _compile(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_ROUTINE_PATTERN = re.compile("|".join(f"(?:{p})" for p in _ROUTINE), re.IGNORECASE)
_FLOORS: dict[Floor, tuple[re.Pattern[str], ...]] = {
    "security": _compile(_SECURITY),
    "outage": _compile(_OUTAGE),
    "destructive": _compile(_DESTRUCTIVE),
    "contract": _compile(_CONTRACT),
}


def match_floor(text: str) -> Floor | None:
    """The first floor whose words stand in the text outside of routine phrases, or None."""
    if len(text) > FIRST + LAST:
        text = f"{text[:FIRST]}\n{text[-LAST:]}"
    text = _ROUTINE_PATTERN.sub(" ", _one_sentence_a_line(text))
    for floor, patterns in _FLOORS.items():
        if any(pattern.search(text) for pattern in patterns):
            return floor
    return None


def _one_sentence_a_line(text: str) -> str:
    """So that `.` stays within a sentence; lines that only wrap are joined."""
    return _SENTENCE_END.sub("\n", _WRAP.sub(" ", text))
