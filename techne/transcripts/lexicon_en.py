"""English: fillers, talk beside the subject, and the marks of technical content."""

from __future__ import annotations

from techne.transcripts.lexicon import Cue, Lexicon, phrases, stems, words

ENGLISH = Lexicon(
    hesitations=frozenset({"uh", "uhh", "um", "umm", "uhm", "er", "erm", "hmm", "hm", "hmmm", "ehm"}),
    asides=phrases("you know"),
    tags=frozenset({"eh", "huh"}),
    cues={
        Cue.SALUTATION: phrases(
            "good morning; good afternoon; good evening; hello; hi; hi there; hello again; hey; "
            "hey there; hi everyone; welcome everyone"
        ),
        Cue.GREETING: phrases(
            "morning; welcome; how are you; how are you doing; how's it going; how is it going; "
            "nice to meet you; pleased to meet you; good to see you; nice to see you; thank you; "
            "thank you so much; thank you very much; thanks; thanks a lot; thanks so much; many thanks; "
            "thanks for joining; thank you for joining; thanks for coming; thanks for having me; "
            "thanks for your time; thank you for your time; you're welcome; my pleasure; bye; bye now; "
            "bye bye; goodbye; see you; see you later; see you soon; see you tomorrow; "
            "see you next week; see you all; take care; cheers; have a good one; have a good day; "
            "have a great day; have a nice day; have a lovely; rest of your day; rest of the day; "
            "rest of your week; rest of the week; have a good weekend; have a great weekend; "
            "have a nice weekend; enjoy your weekend; enjoy your lunch; enjoy the rest of your day; "
            "good night; that's all for today; stop the recording; stopping the recording; "
            "this was great"
        ),
        Cue.AUDIENCE: phrases(
            "everyone; everybody; all; folks; team; guys; y'all; you all; you; friends; people; there; "
            "to all; to everyone; everyone's; again; today; mate; sir; ma'am; from me"
        ),
        Cue.BACKCHANNEL: phrases(
            "got it; gotcha; i see; sure thing; cool; great; perfect; wonderful; excellent; awesome; "
            "fantastic; nice; sounds good; makes sense; that makes sense; understood; noted; oh; ah; "
            "oh okay; oh i see; wow; good question; great question; fair enough; good point; no problem; "
            "no worries; anyway; well; interesting; amazing; lovely; one second; one sec; just a second; "
            "hang on; hold on; any questions; any other questions; questions; none from me; "
            "no questions from me; fair question; uh oh; my bad; go ahead"
        ),
        Cue.ANSWER: phrases(
            "okay; ok; alright; all right; good; very good; much better; yes; yeah; yep; yup; "
            "yes please; exactly; right; correct; that's right; that's correct; indeed; absolutely; "
            "definitely; of course; sure; uh-huh; mm-hmm; mhm; true; that's it"
        ),
        Cue.AUDIO_CHECK: phrases(
            "can you hear me; can everyone hear me; can everybody hear me; can you all hear me; "
            "hear me okay; hear me all right; hear me now; i can hear you; we can hear you; "
            "hear you fine; hear you now; can't hear you; cannot hear you; loud and clear; "
            "you're on mute; you are on mute; i was on mute; on mute; muted; unmute; you're breaking up; "
            "breaking up; there's an echo; bit of an echo; hearing an echo; your mic; my mic; "
            "your microphone; my microphone; your audio; my audio; your video; my video; your camera; "
            "my camera; turn the camera off; turn the camera on; turn my camera; my headset; "
            "your headset; my headphones; is my screen visible; see my screen; seeing my screen; "
            "see your screen; share my screen; sharing my screen; is that better; are we recording; "
            "is it recording; is this recording; we're recording; start the recording; "
            "started the recording; recording is on; we're live; you froze; you're frozen; "
            "you're frozen on; my internet; my wifi"
        ),
        Cue.PAUSE: phrases(
            "take a break; take a short break; take a quick break; need a break; have a break; "
            "short break; quick break; minute break; minutes break; coffee break; bio break; "
            "lunch break; break for lunch; break for coffee; time for a break; time for lunch; "
            "go to lunch; back in five; back in ten; back in fifteen; back in a minute; back in a few; "
            "stretch your legs; leave the recording going; leave the recording running; reconvene at; "
            "back at the top of the hour"
        ),
        Cue.ERRAND: phrases(
            "be right back; i'll be back; brb; grab a coffee; grab some coffee; grab a drink; "
            "grab some water; use a coffee; get a coffee; get some coffee; get some water; "
            "glass of water; use the restroom; use the bathroom; have to take this call; "
            "need to take this call; answer the door; get the door"
        ),
        Cue.RESUME: phrases(
            "we're back; we are back; welcome back; everyone back; everybody back; is everyone back; "
            "i'm back; back from the break; did i miss anything; did i miss much"
        ),
        Cue.SMALL_TALK: phrases(
            "sorry i'm late; sorry for being late; sorry we're late; stuck in traffic; "
            "traffic on the way; traffic was terrible; traffic was a nightmare; traffic was awful; "
            "traffic was horrible; traffic was bad; how was the weekend; how was your weekend; "
            "how was the long weekend; your weekend; my weekend; the long weekend; over the weekend we; "
            "this weekend i; it rained; it's raining; is raining; it was raining; pouring rain; "
            "lovely weather; nice weather; the weather; weather is; so hot today; so cold today; "
            "did you watch; did you see the game; see the game; the game last night; watched the game; "
            "the match last night; last night's game; football; soccer; super bowl; world cup; "
            "premier league; my wife; my husband; my son; my daughter; my kids; my kid; the kids; "
            "my mom; my mum; my dad; my mother; my father; my grandmother; my grandma; my dog; my cat; "
            "your dog; your cat; dog is barking; dogs barking; barking; so cute; how cute; went camping; "
            "go camping; my birthday; happy birthday; thing i've heard all day; slept badly; woke up at; "
            "my tea; this coffee; my coffee; coffee is strong; who made the coffee; for lunch; "
            "on vacation last week; haha; lol; tell a joke; that joke; funny story; starving; "
            "eat some lunch; get some lunch; my nightmares"
        ),
        Cue.HOMELY: phrases(
            "coffee; tea; dinner; breakfast; pizza; beer; cake; pancakes; snow; snowing; sunny; beach; "
            "camping; hiking; barbecue; birthday; wedding; thanksgiving; easter; halloween; dog; cat; "
            "puppy; kitten; grandma; grandmother; hangover; netflix; gym; nightmare; nightmares; slept; "
            "hungry; fever; flu; mug; cute; adorable; raining; rained"
        ),
        Cue.NEUTRAL: phrases(
            "thanks to; thank you page; welcome page; welcome email; welcome screen; hello world; "
            "good practice; match the; matches the; cheers up; hello packet; hello packets; "
            "hello message; hello messages"
        ),
        Cue.TECHNICAL: phrases(
            "short break between; quick break between; minute break between; minutes break between; "
            "you have to; you need to; you must; make sure; has to; have to be; needs to; need to be; "
            "you should; should not; should be; do not; must not; at all times; step by step; "
            "purchase order; work order; sales order; under no circumstances; business rule; you don't; "
            "don't turn; don't touch; don't edit; don't delete; don't restart; don't change; don't move; "
            "don't use; don't run"
        ),
    },
    technical_stems=stems(
        "config restart reboot server servic valve pressur sensor databas table quer file passw "
        "network motor calibr patient medicat monitor infus oximet ventilat cathet steril disinfect "
        "install updat upgrad version system applicat process memor execut command script code "
        "coding variable paramet environ production staging user permiss access certificat encrypt "
        "decrypt rout firewall voltag temperatur compress relay contactor inverter breaker weld bolt "
        "screw torque lubric filter formul spreadsheet cell column macro chart report invoic vendor "
        "suppl material batch inventor stock account ledger posting payment transact refund contract "
        "alarm alert messag topic consum cluster contain docker kubern image endpoint request "
        "respons timeout connect disconnect driver printer button click menu field error fail fault "
        "defect problem symptom cause diagnos solut solv fix correct adjust verif check test valid "
        "assembl disassembl replac maint prevent inspect measur build deploy rollback commit branch "
        "merge pipeline release backup restor replic migrat login token secret hash json yaml csv "
        "sql xml http url web circuit electr hydraul pneumat mechan pump pipe tubing cable wire "
        "wiring board panel dashboard terminal fuse batter charg equipment device machine operat "
        "procedur standard rule polic safety secur risk hazard danger forbid prohibit requir import "
        "export integrat interface protocol modbus profinet ethernet switch vlan gateway proxy "
        "subnet packet latenc bandwidth task job schedul queue event trigger index primary record "
        "data information customer client product price discount approv authori cancel submit receiv "
        "save delet remov create edit copy rename exam dose dosage surg frequen amplitud signal "
        "phase cycle step workflow level limit maxim minim default option function method class "
        "object librar package depend tool software hardware firmware bios kernel disk partition "
        "volume cloud tenant project ticket incident support escalat detect sync schema symlink "
        "thread crash freez instrument module component node instance threshold setting session cach "
        "checksum bug patch shell"
    ),
    technical_words=words(
        "port ports log logs logged pod pods plc plcs hmi ip ips dns dhcp api apis cpu ram ssd gpu "
        "vm vms app apps key keys row rows line lines sheet sheets tab tabs window windows path "
        "paths root slash dash dot underscore backslash hyphen oil gas steam flow brake shaft "
        "bearing belt turbine boiler conveyor robot robots laser probe number numbers value values "
        "name names mode flag flags load order orders pool slot slots bus-bar id ids db orm git npm "
        "pip psql kubectl helm nginx redis kafka bash curl ssh"
    ),
    rules=words(
        "never always must mandatory required obligatory forbidden prohibited careful warning caution"
    ),
    imperatives=words(
        "open close press hold turn set run use put take remove insert select choose enter type pull "
        "push plug unplug wait look make go start stop disable enable add apply mark fill note keep "
        "leave call confirm read write scan rotate loosen tighten clean drain bleed flush ensure "
        "avoid don't"
    ),
    first_person=words("i i'm i'd i'll i've me my mine myself we've we're our"),
    openers=words(
        "so okay ok now right first second third next then anyway let's lets back moving number "
        "regarding because when if and"
    ),
    numerals=words(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
        "hundred thousand million"
    ),
    units=words(
        "gb mb tb kb gig gigs gigabyte gigabytes megabytes byte bytes ms milliseconds bar bars psi "
        "pascal kpa mpa volt volts v kv mv amp amps ohm ohms watt watts kw hz khz mhz ghz rpm kg mg "
        "mcg g grams kilos ml liters litres liter mm cm meters metres inches degrees celsius "
        "fahrenheit percent dollars euros pounds times retries rows columns lines attempts mmhg bpm "
        "dbm db digits characters"
    ),
    clock_units=words(
        "second seconds minute minutes hour hours day days week weeks month months year years "
        "o'clock min mins"
    ),
    connectors=words(
        "and the a an of to in on at by for with that is it's but or so if as from we you they i not it this"
    ),
)
