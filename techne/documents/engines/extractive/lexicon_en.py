"""English cues. See `lexicon.Cues` for what each is used for."""

from techne.documents.engines.extractive.lexicon import Cues, Labels

_ACTIONS = (
    "add|adjust|apply|approve|ask|assign|attach|back up|block|build|calibrate|call|cancel|change|check|"
    "choose|clean|clear|click|"
    "close|commit|compare|configure|confirm|connect|contact|convert|copy|create|cut|deactivate|define|"
    "delete|deploy|disable|"
    "disconnect|double[- ]check|download|drag|drain|drop|edit|enable|ensure|enter|escalate|execute|"
    "export|extend|fill|filter|find|"
    "fix|flash|flush|force|format|generate|get|give|go|grant|hit|hold|import|increase|inform|"
    "initiali[sz]e|insert|inspect|install|"
    "isolate|keep|kill|label|launch|limit|load|lock|log (?:in|out|on|off|into)|look|lower|make (?:sure|"
    "a|an)|map|mark|merge|migrate|"
    "mount|move|navigate|notify|open|override|paste|pause|pick|pin|ping|plug|power|press|promote|"
    "publish|pull|purge|push|put|raise|"
    "read|rebase|reboot|rebuild|recalibrate|reconnect|recreate|redeploy|reduce|refresh|regenerate|"
    "reimport|reindex|reinstall|"
    "reissue|reload|remember|remove|rename|renew|repeat|replace|replay|report|request|rerun|re-?run|"
    "resend|reset|resize|restart|"
    "restore|resubmit|resync|retry|revert|review|revoke|roll|rotate|run|save|scale|scan|schedule|"
    "scroll|search|select|send|set|"
    "shut|sign|skip|split|ssh|start|stop|submit|switch|swap|sync|tag|take|tap|test|tick|toggle|track|"
    "trigger|try|turn|type|unblock|"
    "uninstall|unlock|unplug|unselect|update|upgrade|upload|use|validate|verify|wait|watch|wipe|wrap|write"
)

CUES = Cues(
    abbreviations=(
        r"mr|mrs|ms|dr|prof|st|e\.g|i\.e|eg|ie|etc|vs|no|approx|inc|ltd|jr|sr|fig|dept|min|max|a\.m|"
        r"p\.m"
    ),
    leading=(
        r"(?:all right|alright|right|well|great|good|perfect|cool|nice|exactly|correct|sure|yes|no|"
        r"nope|see|look|listen|like|again|"
        r"folks|guys|everyone|everybody|honestly|frankly|important|please|one thing|one more thing|"
        r"another thing|first thing|of course|"
        r"moving on|plus|actually|remember|sorry|there|now|really|true|absolutely|definitely|fair "
        r"enough|in practice|at the end of the day)(?=\s*[,;:…])|"
        r"so|ok(?:ay)?|um+|uh+|er+|erm|hm+|ah+|oh|yeah|yep|good question|great question|fair question|"
        r"anyway|you know|you see|basically|i mean|"
        r"and|but|and so|and then|so then|as i (?:said|mentioned)|like i said|remember that|just "
        r"remember that|just remember|keep in mind that|"
        r"keep in mind|bear in mind that|note that|to be honest|by the way|oh and|i guess|i think|i "
        r"would say|i'd say|let's say|"
        r"in other words|that said|having said that|please note|right then|well|actually"
    ),
    trailing=(
        r"right|ok(?:ay)?|you know|all right|alright|yeah|see|folks|guys|everyone|everybody|as well|"
        r"and so on|and stuff|or something|"
        r"or whatever|if you like|make sense|does that make sense|you see|isn't it|doesn't it|don't "
        r"you think|by the way|i think|i guess|"
        r"of course|obviously|please|basically|actually|though|so|anyway|or so they say|and all that|"
        r"if that makes sense"
    ),
    aside=(
        r"sorry|excuse me|um+|uh+|er+|erm|hm+|you know|i mean|like|sort of|kind of|well|basically|"
        r"actually|obviously|"
        r"of course|let me see|let's see|"
        r"as i said|like i said|as i mentioned|so to speak|right|ok(?:ay)?|okay|you see|honestly|"
        r"frankly|to be honest|if you like|by the way|yeah|oh|so"
    ),
    framing=(
        r"what happens(?: here)? is(?: that)?|what (?:you|we|i) (?:do|want to do|need to do|should do) "
        r"is|the thing is(?: that)?|the point is(?: that)?|"
        r"the idea (?:here )?is(?: that)?|it turns out(?: that)?|as you (?:can|will) see|(?:as|like) i "
        r"said|you(?:'ll| will)? (?:notice|see) that|"
        r"i (?:just )?(?:want|wanted|would like|need) to (?:say|mention|point out|stress|emphasi[sz]e|"
        r"remind you|make clear) that|"
        r"it(?:'s| is) (?:important|worth) (?:to (?:note|know|remember)|noting|knowing|remembering) "
        r"that|the (?:important|key|main) thing (?:here )?is(?: that)?|"
        r"i(?:'ll| will) (?:just )?say that|let me (?:just )?(?:say|stress|point out|repeat) (?:that|"
        r"this)|what i (?:always |usually )?do is|one thing to (?:know|remember|note) is(?: that)?|"
        r"the reason i mention (?:it|this) is(?: that)?|there(?:'s| is) one thing i want on the record"
    ),
    strong_correction=(
        r"(?:(?:no|oh|oops|whoops|ah|uh|um|hm+)[,.! ]+)*(?:no[, ]+)?(?:sorry|my (?:mistake|bad|"
        r"apologies)|pardon(?: me)?|excuse me|i mean|i meant|i misspoke|correction|"
        r"scratch that|strike that|make that|let me correct (?:that|myself)|i stand corrected|i was "
        r"wrong|that's wrong|that(?:'s| is) not right|"
        r"no wait|wait no|wait, no|no, wait|(?:or )?rather(?! than)|i got that wrong|i take that back|"
        r"forget "
        r"that|the (?:right|correct) (?:one|value|number|answer) is|"
        r"hang on|hold on|i said that wrong|i apologi[sz]e|(?:it )?should be)"
    ),
    weak_correction=r"no(?:[, ]+no)*|actually|wait|well|oops|whoops|in fact|nope",
    negated_value=(
        r"(?:(?:it(?:'s| is|s)?|that(?:'s| is)?|they(?:'re| are)?|was) not|not|isn't|aren't|wasn't|"
        r"instead of|rather than|"
        r"(?:i|you|we|he|she) said|(?:i )?told you|it was|was)(?: (?:the|a|an|at|on|in|to))?"
    ),
    copula=r"it's|it is|its|is|that's|they're|make it",
    explanation=(
        r"(?:that|it|this|those)(?:'s| was| is| were) (?:the )?(?:old|last|wrong|before|previous|"
        r"outdated|from|for|in|on|our|my|legacy|staging|test|what).*|"
        r"i misspoke|my (?:mistake|bad)|i (?:was|am|'m) (?:thinking|looking|wrong).*|we changed.*|it "
        r"changed.*|i got (?:that|it|them) wrong|i mixed.*|"
        r"wrong (?:one|number|slide|line|system|value).*|that's wrong|now|these days|today"
    ),
    afterthought=(
        r"so you(?:'ll| will)|which (?:is|was|means)|and (?:so on|everybody|everyone|nobody)|that's "
        r"(?:how|why|what)|you can (?:imagine|guess|see)|as you"
    ),
    joining=(
        r"(?:and|so|but) (?:(?:so|then|now|yes|of course) )?(?:i|it|it's|it'd|that|that's|this|there|"
        r"there's|"
        r"they|she|he|we|you|nobody|everybody|everyone|somebody|someone|people|off|all|those)|"
        r"because|since|as|which|who|whose|whoever|whatever|like|though|although|plus i|for example|"
        r"rather like|in front|just like|presumably|apparently|so"
    ),
    defining=r"which (?:is|are|means|was|says|reads)|that(?:'s| is)|so",
    hypothesis=r"if (?:it|that|the|you|this)|unless|or it|or if|either|otherwise",
    limiting=(
        r"(?:but |and |or )?(?:not|never|nor|unless|except|only|if|until|before|after|when|"
        r"while|instead|without|rather|don't|do not|just)"
    ),
    finite=(
        r"is|are|was|were|will|has|have|had|do|does|did|can|could|would|you|we|it|they|i|he|she|nobody|"
        r"somebody|it's|that's|there's|\w+'(?:ll|ve|re|d)|\w+n't"
    ),
    relative=(
        r"which|who|whose|as opposed to|like|as (?:it|you|we|they|i)|for (?:the newcomers|those|"
        r"the new)|by the way|mind you"
    ),
    negation=(
        r"not|\w+n't|never|no|nor|neither|without|unless|except|only|otherwise|instead|or else|if|until|"
        r"before|after|when|but not|every|each|all|any|both"
    ),
    error=(
        r"errors?|fail(?:s|ed|ing|ure|ures)?|broken?|breaks?|problems?|issues?|symptoms?|incidents?|"
        r"outages?|alarms?|faults?|faulty|defects?|"
        r"locked out|lock(?:s|ed) (?:up|the account)|times? out|timing out|stuck|hangs?|hung|froze|"
        r"freezes?|frozen|leak(?:s|ing|ed)?|"
        r"drops? (?:out|off)|dropped|goes? down|went down|is down|are down|invalid|expired|expires|"
        r"blocked|lost|duplicates?|duplicated|inconsistent|"
        r"slow(?:ly|ness)?|overheat\w*|blue screen|black screen|stall(?:s|ed)?|stale|bounc(?:es|ed|"
        r"ing)|trips?|tripped|misfires?|jam(?:s|med)?|congest\w+|flapping|looping|in a loop"
    ),
    symptom=(
        r"headaches?|gave (?:us|me) (?:grief|trouble)|"
        r"(?:is|are|was|were)(?:n't| not) (?:\w+ing|available|reachable|visible|working|there|found)|"
        r"(?:does|do|did|will|would|wo|can|could|had|has|have)(?:n't|not| not) (?:\w+ )?"
        r"(?:start|boot|connect|respond|open|load|work|show|appear|print|compile|build|install|come|"
        r"turn|sync|update|reach|find|resolve|"
        r"log|authenticate|save|run|finish|complete|match|launch|deploy|mount|ping|register|see|get|"
        r"read|write|send|receive|talk|go|post|import|export|move|pick)|"
        r"stays? \w+|(?:kept|keeps?|still|was|were) (?:on )?\w+ing|stops? (?:working|responding|at|"
        r"processing|sending)|stopped|complain(?:s|ed|ing)?|"
        r"throws?|"
        r"reports? (?:a|an|that|the|\d\w*)|reported|(?:wouldn't|won't|never) (?:\w+)|nobody could|"
        r"couldn't|spits?|returns? (?:a|an) \d|keeps? \w+ing|"
        r"restarts? (?:by itself|on its own|over and over)|disappear(?:s|ed)?|missing|goes? (?:red|"
        r"blank|offline|stale|grey)|blank|empty|"
        r"you(?:'ll| will)? (?:see|get) (?:a |an |the )?(?:message|error|popup|dialog|warning)|gets? "
        r"(?:an?|the) error|says|the message (?:is|says)|full|out of"
    ),
    reporting=(
        r"get|gets|got|see|saw|sees|reads?|says?|said|reports?|reported|shows?|showed|fails? with|died? with|"
        r"dies with|"
        r"returned|returns|throws|threw|called|message was|error was|error is|symptom is(?: that)?"
    ),
    joint=r"and|but|because|when|while|since|which|that|so|if|whenever|after|before|or",
    reports=(
        r"(?:it|just|log|which|that|and|screen|page|console|you'll) (?:says?|said|reads?|"
        r"shows?)(?= \w+ \w+ \w+)"
    ),
    asks_of_trouble=(
        r"(?:and |but |so |ok |okay |right )?(?:what (?:if|about when|happens when|do i do when)|when|"
        r"if|why (?:is|are|does|do|did))"
    ),
    new_problem=(
        r"(?:most|the) common(?:est)? \w+ is|number (?:one|two|three|four|five|six)|"
        r"(?:another|next|second|third|fourth|fifth|sixth|seventh|last|first(?! thing)|final|one more|"
        r"classic|"
        r"other) (?:one|problem|error|case|issue|ticket|failure|incident|fault|thing|alarm|scenario|"
        r"topic)|"
        r"(?:the )?(?:second|third|fourth|fifth|sixth|seventh|next|last) (?:is|one)|now (?:let's|the|"
        r"for|on to)|let's (?:talk|look|move|go|start|turn)|moving on|"
        r"what about|what if|then there(?:'s| is)|there(?:'s| is) (?:also|another)|a (?:different|new) "
        r"(?:one|problem|error)|speaking of|onto|on to the"
    ),
    diagnosis=(
        r"diagnos\w+|(?:root )?causes?|caused by|because of|culprit|means?(?: that)?|meaning|"
        r"indicates?|tells? you|shows?(?: you)?|points? to|"
        r"investigat\w+|check(?:s|ing)?|verify|look(?:s|ing)? (?:at|in|for|into)|inspect|see if|find "
        r"out|sign (?:of|that)|comes? from|reason|"
        r"usually (?:it's|it is|is|means)|most (?:of the time|likely|often)|almost always|nine times "
        r"out of ten|in the logs?|the logs? (?:say|show)|it turns out|to confirm"
    ),
    cause=(
        r"because|caused?|causes|culprit|reason|due to|since|so that's why|that's why|which is why|"
        r"happens when"
    ),
    solution=(
        r"solutions?|solv(?:e|es|ed|ing)|fix(?:es|ed|ing)?|resolv(?:e|es|ed|ing)|repair\w*|workaround|"
        r"remedy|cure|the way out|the trick is|"
        r"all you (?:do|need)|you just|you (?:have|need) to (?:restart|reset|replace|renew|update|"
        r"rerun|change|clear|increase|rebuild|reload|roll|raise)|"
        r"to (?:fix|solve|resolve|recover|clear|get it back|unlock|correct)|roll(?:ing|ed)? ?back|"
        r"restor(?:e|es|ed|ing)|restart(?:s|ed|ing)?|re-?run|"
        r"comes? back|came back|goes away|went away|works? again|back to normal|so (?:you|we) (?:then "
        r")?(?:\w+)|unlock|increase|raise|reload|replace|"
        r"clear(?:s|ed)? (?:it|the)|wait for|wait (?:one|two|five|ten|\d+)|kill|upgrade|instead|switch "
        r"(?:to|back)|revert"
    ),
    action=f"(?:{_ACTIONS})(?:e?d|s|ing)?|ran|took|wrote|made|sent|gave|swapped|rebuilt",
    look=(
        r"check\w*|look\w*|see|verify|inspect|show\w*|list\w*|get|describe|view|find|monitor|watch|"
        r"confirm|tells?|compare|test|ping"
    ),
    run=(
        r"run(?:s|ning)?|execute|type|enter|issue|the command(?: is)?|do a|do an|use|call|invoke|just "
        r"do|you do|say|launch"
    ),
    typed=(
        r"type|the command(?: here)? is|with the command|enter the command|run the command|"
        r"command line is"
    ),
    obligation=(
        r"must(?:n't)?|ha(?:ve|s) to|need(?:s)? to|needs?|should|shall|ought to|required?|requires|"
        r"mandatory|always|the rule|rules?|policy|only(?: (?:the|in|with|after|on|when))?|at most|at least|"
        r"no more than|no later than|within|limit|deadline|allowed|approv(?:als?|ed|es|e)|sign[- ]?off|"
        r"permitted|is (?:not )?allowed|supposed to|make sure|"
        r"before you|no exceptions?|minimum|maximum|authori[sz]ed|needs? (?:a|an|two|the)|every time|"
        r"procedure"
    ),
    prohibition=(
        r"never(?! \w+(?:s|ed|ing)\b)|(?<!i )(?<!they )(?<!we )(?:don't|do not)(?! (?:need|have|worry|"
        r"know|see|get|want|think|matter)\b)|"
        r"must not|mustn't|(?:you|users?|one) (?:can't|cannot)|shouldn't|should not|not allowed|"
        r"prohibited|under no circumstances|only (?:the|a|an|our) [^.]{0,60}\b(?:can|may|is allowed|"
        r"are allowed)|avoid|(?:no one|nobody) (?:may|should|can|is allowed|gets "
        r"to)|not permitted|may not|leave (?:that|those|it|them) alone"
    ),
    risk=(
        r"risks?|risky|danger(?:ous)?|careful|caution|warning|critical|severe|beware|watch out|"
        r"you(?:'ll| will| can| could)? lose|data loss|lose (?:the|all|your|data)|wipes?|"
        r"irreversible|no undo|no way back|can't be undone|cannot be undone|vulnerab\w+|exposed?|"
        r"exposes|leak(?:s)? (?:the )?(?:password|data|credentials)|"
        r"could (?:cause|break|lose|damage|corrupt|kill|lock|burn|hurt)|can (?:cause|break|damage|"
        r"corrupt|burn|hurt|kill)|will (?:cause|break|damage|corrupt|wipe|delete|kill|lock)|"
        r"takes? (?:down|out) (?:the|everything|all)|brings? down|penalt(?:y|ies)|fines?|injur\w+|"
        r"accident\w*|single point of failure|fire hazard"
    ),
    prevention=(
        r"prevent(?:s|ed|ing|ion|ive)?|to avoid|avoids?|so (?:that )?it (?:doesn't|does not|won't|"
        r"never|can't) (?:happen|come|occur)|(?:doesn't|won't|not) happen again|never happens? again|"
        r"alerts?|monitor(?:s|ing|ed)?|back ?ups?|in advance|ahead of time|checklist|"
        r"we (?:added|created|set up|put in|now|also added|built)|from now on|schedul(?:e|ed)|"
        r"automat(?:e|ed|ic|ically)|before it (?:happens|expires|fills|breaks)|early warning|"
        r"proactive\w*"
    ),
    setting=(
        r"parameters?|settings?|configur(?:ation|ed|e)|variables?|port|timeout|limit|values?|"
        r"default(?:s)?|version|flag|key|property|option|field|interval|size|count|"
        r"equals?|set to|set at|is set|enabled|disabled|lives? in|memory|address|user(?:name)?|profile|"
        r"retention|replicas?|window|frequency|quota|capacity|priority|level|threshold|mode|ttl|rate"
    ),
    changed=(
        r"(?:set|put|raised|lowered|increased|reduced|changed|bumped|reset|switched|capped|limited|dropped|"
        r"turned|pinned|doubled|halved|extended)\b[^.;]{0,50}\b(?:to|at|from|into|off|on|back)"
    ),
    schedule=(
        r"(?:every|each|on the (?:first|second|third|last)) (?:\w+ )?(?:days?|nights?|mornings?|weeks?|"
        r"months?|quarters?|"
        r"hours?|mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?)|"
        r"(?:once|twice|\w+ times) an? (?:day|week|month|year|quarter|shift)|no later than|deadline|"
        r"(?:until|by|before) (?:the )?(?:end of|\w+th|\w+day|noon|midnight)"
    ),
    location=(
        r"lives? (?:in|at|on|under)|is (?:in|at|on|under)|located|stored|path|folder|directory|file|"
        r"address|server|repository|repo|dashboard|menu|screen|tab|page|board|found (?:in|at|under)"
    ),
    concept=(
        r"(?:is|are) (?:a|an|the|our|basically|just|where|what|how|one of|responsible)|means|stands "
        r"for|(?:is|are|we) call(?:ed)?|known as|responsible for|consists? of|made of|"
        r"works? (?:by|like|as)|is used (?:to|for)|represents?|difference between|receives|sends|"
        r"writes|reads|stores|runs (?:on|in|as|at|every)|depends on|owns|belongs to|picks? (?:them|it) "
        r"up|talks? to|connects? to"
    ),
    condition=(
        r"if|when|whenever|unless|once|until|while|after|before|as soon as|in case|every time|as long "
        r"as|otherwise"
    ),
    reason=(
        r"because|so that|therefore|since|otherwise|that's why|which is why|due to|or else|as a result|"
        r"which means|meaning|so"
    ),
    restriction=(
        r"only|just|except|at most|at least|up to|more than|less than|over|under|above|below|between|"
        r"no more|within"
    ),
    units=(
        r"seconds?|minutes?|hours?|days?|weeks?|months?|years?|ms|milliseconds?|microseconds?|dollars|"
        r"cents|euros|pounds|percent|per cent|"
        r"[kmgt]i?b(?:ps|its?|ytes?)?|megs?|megabytes|gigs?|gigabytes|terabytes|kilobytes|bytes?|bits?|"
        r"volts?|v|kv|amps?|a|ma|milliamps|watts?|w|kw|hertz|hz|khz|mhz|ghz|"
        r"degrees|celsius|fahrenheit|c|f|meters?|metres?|mm|cm|km|inches|feet|bar|psi|rpm|replicas?|"
        r"pods?|nodes?|connections?|threads?|lines?|rows?|records?|columns?|"
        r"messages?|attempts?|retries|times|users?|people|items?|pages?|points?|cores?|cpus?|slots?|"
        r"partitions?|am|pm|a\.m|p\.m|o'clock|business|working|characters?|digits?|instances?|"
        r"machines|servers?|licenses?|packets?|requests?|files?|mb|gb|ml|mg|liters?|litres?|hundred|"
        r"thousand|million|workers?|shards?|in the morning|percentile|copies"
    ),
    noise=(
        r"good (?:morning|afternoon|evening|night)|hello|hi (?:everyone|all|folks|there)|welcome|see "
        r"you|bye|goodbye|thanks?(?: you)?|thank you|cheers|have a (?:good|great|nice) \w+|"
        r"how (?:are|is|was) (?:you|your|everyone|the weekend)|weekend|vacation|holidays?|christmas|"
        r"birthday|football|the game|last night|dogs?|cats?|kids?|my (?:son|daughter|wife|husband|mom|"
        r"boat|car|mother|father)|"
        r"coffee|lunch|dinner|breakfast|pancakes?|snacks?|pizza|beer|weather|rain(?:ed|ing)?|camping|"
        r"microwave|lasagna|cake|fridge|parcel|neighbou?rs?|sandwich(?:es)?|cook(?:ing|ed)|grandm\w+|"
        r"grandfather|husband|wife|brother|sister|cousin|uncle|aunt|babysitter|gym|haircut|dentist|"
        r"flute|guitar|singing|umbrella|shoes|"
        r"snow\w*|sunny|barbecue|wedding|beach|holiday|"
        r"donuts?|doughnuts?|burrito|bagels?|tea|"
        r"movie|netflix|joke|bathroom|restroom|haha\w*|lol|laughs?"
    ),
    logistics=(
        r"(?:can|could|do) (?:you|everyone|everybody|anyone|you all|you guys) (?:all )?(?:hear|see)|"
        r"hear me|(?:see|share|sharing|seeing) (?:my|your|the|this) screen|my screen|your screen|"
        r"share(?: my)? screen|"
        r"off you go|back (?:at|in|here at) \w+(?: minutes?)?[.!?]*$|microphone|mic\b|"
        r"mute[d]?|unmute|echo\b|headset|headphones|camera|your (?:video|audio|sound)|"
        r"my (?:video|audio|sound|internet|connection)|"
        r"record(?:ing)? (?:this|the session|is on|on|now)|the recording|start recording|hit record|"
        r"short break|take a break|(?:a|the|quick|coffee|lunch) break|back in (?:a|\d+|five|ten|"
        r"fifteen|twenty)|(?:be|come) back (?:in|at)|"
        r"give me (?:a|one) (?:second|minute|moment|sec)|one (?:second|moment|sec|minute),?|just a "
        r"(?:second|minute|moment|sec)|bear with me|hang on a|the chat|raise your hand|attendance|"
        r"sorry (?:i'm|for being|about the|for the) (?:late|delay|noise|wait)|wait for (?:everyone|the "
        r"others|people|him|her)|(?:any|other|more) questions|questions\?|let me (?:come|get|go) back|"
        r"come back to (?:that|it|this)|i'll (?:send|post|drop|share) (?:the|a|it|you) (?:link|slides|"
        r"recording)|"
        r"let me (?:share|open|find|get|grab|see|zoom|pull|fix|switch|check if)|next slide|this slide|"
        r"slides?"
    ),
    meta=(
        r"you go first|who's (?:next|got)|tell us (?:about|what)|over to you|"
        r"let's (?:get started|start|begin|go|continue|move on|get going|get into|dive|wrap up|jump)|"
        r"i(?:'ll| will|'m going to| am going to) (?:show|talk|explain|walk|cover|get to|come back|"
        r"demo|go over|tell)|we(?:'ll| will|'re going to) (?:see|talk|cover|get to|come back|look|go "
        r"over|go through)|"
        r"as i (?:said|mentioned)|like i said|i mentioned|today we|in this (?:session|training|video)|"
        r"the plan for today|that's (?:it|all) for|for today|wrap up|to sum up|"
        r"good question|great question|fair question|got it(?! \w)|noted|makes sense|any questions|"
        r"does that "
        r"make sense|i remember|remember (?:that|when)|more on that|later on|we'll get there|write "
        r"(?:this|that|it) down|taking notes"
    ),
    personal=(
        r"i (?:think|thought|wondered|guessed|like|love|hate|was|felt|spent|went|cried|slept|almost|"
        r"remember|once|feel|guess|"
        r"wish|hope|lost)|(?:called|killed|drives?|hates?|woke) me|poor (?:you|thing|guy|soul)|what a "
        r"(?:shame|mess|day|pity|nightmare)|"
        r"kidding|joking|funny|laugh\w*|wow|gosh|oh my|oh no|oh dear|god|terrif\w+|scary|sad(?:dest)?|"
        r"happy|fun|nightmares?|terrible|horrible|ouch|love it|hilarious|mug|t-shirt"
    ),
    acknowledgement=(
        r"yes|no|yeah|yep|nope|ok(?:ay)?|right|sure|got it|i see|great|cool|nice|perfect|exactly|"
        r"correct|absolutely|of course|noted|makes sense|fine|good|thanks?|thank you|you're welcome|"
        r"mm-?hm+|uh-?huh|hm+|ah|oh|wow|ouch|alright|all right|understood|will do|fair enough|true|"
        r"indeed|interesting|that makes sense|loud and clear|very good|please|definitely|no problem|no "
        r"worries|my pleasure|good point|go on|go ahead|really"
    ),
    interrogative=(
        r"(?:and |but |so |then |ok |okay )?(?:what|which|how|where|when|who|why|is|are|do|does|did|"
        r"can|could|should|would|will|have|has|what's|where's|how's|who's|any)"
    ),
    dependent=(
        r"it|its|it's|they|them|their|that|that's|this|these|those|there|he|she|or|otherwise|then|also|"
        r"which|because|so|else"
    ),
    clause_start=(
        r"(?:(?:and|then|so|first|second|next|finally|now|you|we|i|just|also|please|after that|"
        r"afterwards|to fix it|if not|always|you (?:can|should|must|need to|have to|just|then|simply)|"
        r"we (?:can|should|must|need to|have to)|"
        r"the (?:fix|solution) is to|simply|once done|from there|otherwise|never|don't|do not|instead) )*"
    ),
    instructed=r"you|then|must|should|please",
    code_noun=(
        r"commands?|files?|paths?|folders?|director(?:y|ies)|parameters?|variables?|flags?|keys?|"
        r"propert(?:y|ies)|config\w*|scripts?|urls?|address(?:es)?|endpoints?|routes?|ports?|server|"
        r"host|branch|tag|image|"
        r"namespace|tables?|fields?|columns?|terminal|console|prompt|extension|e-?mail|domain|modules?|"
        r"packages?|class(?:es)?|function|method|option|query|settings?|under|in|at|called|named|open|"
        r"edit"
    ),
    stop_words=(
        "a an the and or but if then so of in on at to for from by with without as is are was were be "
        "been being it its this that these those he she they we you i me my your our their them us his "
        "her "
        "do does did done doing have has had having will would can could should may might must shall "
        "not no yes just only also very really too much many more most some any all each every both "
        "few other another "
        "such own same than there here where when why how what which who whom whose about into over "
        "under again once up down out off now well okay ok like get gets got go goes going gone make "
        "makes made take takes "
        "thing things one two three first second third way lot bit kind sort right good back need want "
        "know see say says said look looks come comes let because while until after before between "
        "through during "
        "don't doesn't isn't it's that's you're we're i'm they're there's can't won't what's let's "
        "i'll you'll we'll happens happen use used using still even never always ever us put tell told "
        "part people time times "
        "problem error case question minute minutes hour hours day days second seconds new old big "
        "small actually basically maybe usually anything something everything nothing"
    ),
    calendar=(
        "january february march april may june july august september october november december monday "
        "tuesday wednesday thursday friday saturday sunday "
        "i i'm i'll i've i'd ok okay god christmas easter english yes no"
    ),
    labels=Labels(
        title="Technical training",
        problems="Problems and solutions",
        procedures="Procedures and commands",
        configurations="Configuration",
        rules="Rules",
        risks="Risks and cautions",
        prevention="Prevention",
        overview="Overview",
        concepts="Concepts and context",
        symptom="Symptom",
        diagnosis="Diagnosis",
        solution="Solution",
        avoid="Prevention",
        rule="Rule",
        risk="Caution",
        setting="Setting",
        value="Value",
        evidence="Time",
    ),
)
