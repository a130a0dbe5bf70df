"""Corrections as English speakers make them: the wrong value goes, the right one stays."""

import re

import pytest

from tests.unit.documents.extractive.resolved_speech import quoted, resolved, utterances

EXPLAINED = [
    (
        "We keep the footage for thirty, sorry, that was last year's figure, it's ninety days.",
        "thirty",
        "We keep the footage for ninety days.",
    ),
    (
        "The number's extension 7714, no wait, that's the canteen, it's extension 7741.",
        "7714",
        "extension 7741.",
    ),
    (
        "Proof the dough for 40 minutes, hang on, I'm reading the rye recipe, 55 minutes.",
        "40",
        "Proof the dough for 55 minutes.",
    ),
    (
        "The chiller alarms at 12 degrees, I mean, the old one did, 9 degrees.",
        "12",
        "The chiller alarms at 9 degrees.",
    ),
    (
        "Premiums are capped at 15 percent, scrap that, what am I saying, 18 percent.",
        "15",
        "Premiums are capped at 18 percent.",
    ),
    (
        "The hold time is five minutes, my bad, five was the pilot, it's eight minutes now.",
        "five",
        "eight minutes",
    ),
    (
        "The subnet is 10.1.4.0/24, correction, we moved offices, it's 10.1.8.0/24.",
        r"10\.1\.4",
        "The subnet is 10.1.8.0/24.",
    ),
]
NEXT_SENTENCE = [
    ("It's VLAN 20. Hang on, let me check my notes. VLAN 30.", "VLAN 20", "VLAN 30"),
    ("Torque the bolts to 80. Actually, make that 85.", r"\b80\b", "Torque the bolts to 85."),
    (
        "The gate closes in ten minutes. No, no. Fifteen minutes.",
        "ten minutes",
        "The gate closes in fifteen minutes.",
    ),
    ("The form is W-8. Oops. I misspoke. It's W-9.", "W-8", "The form is W-9."),
    ("We retry 3 times. Let me correct that, it's 5 times.", "3 times", "We retry 5 times."),
    (
        "The key lives in /etc/ssl/old.pem. Wait. It's /etc/ssl/new.pem.",
        r"old\.pem",
        "The key lives in /etc/ssl/new.pem.",
    ),
    ("Orders cut off at 4pm. Strike that, 5pm.", "4pm", "Orders cut off at 5pm."),
    (
        "The batch caps at eight hundred thousand rows. I said eight hundred, scrap that, nine fifty.",
        "eight hundred",
        "The batch caps at nine fifty thousand rows.",
    ),
    ("Escalate to tier 2. Rather, tier 3.", "tier 2", "Escalate to tier 3."),
    ("Charge it to cost center 4410. I meant 4401.", "4410", "Charge it to cost center 4401."),
]
AFTERWARDS = [
    ("Leave it for five minutes. Two minutes. Sorry.", "five", "Leave it for two minutes."),
    ("Dilute it to 10 percent. 12 percent, correction.", r"\b10\b", "Dilute it to 12 percent."),
    ("The probe allows six attempts. Eight attempts.", "six", "The probe allows eight attempts."),
    ("The badge lasts 90 days. 60 days, I should say.", "90", "The badge lasts 60 days."),
]
FRAMES = [
    ("Set priority level 20, no, priority level 30.", "20", "Set priority level 30."),
    ("Type ip mtu 1400, no hang on, ip mtu 1450.", "1400", "Type ip mtu 1450."),
    ("The code is E0071, or rather, F0071.", "E0071", "The code is F0071."),
    ("Run it with --dry, sorry, --dry-run first.", r"--dry(?!-)", "Run it with --dry-run first."),
    ("The flight leaves at 6:40, wait, 6:55.", "6:40", "The flight leaves at 6:55."),
    ("It needs 16 GB, I mean, 32 GB of memory.", "16 GB", "It needs 32 GB of memory."),
    ("Part number QX-114, no, sorry, QX-141.", "QX-114", "QX-141."),
    ("The rate is 4.5 percent, actually, 4.75 percent.", r"4\.5 ", "The rate is 4.75 percent."),
    (
        "Wait thirty seconds before you reopen the valve, sorry, sixty seconds.",
        "thirty",
        "Wait sixty seconds before you reopen the valve.",
    ),
    (
        "At eight, I said eight, scrap that, nine hundred rows we split the file.",
        "eight",
        "nine hundred rows",
    ),
    ("Call Dana, sorry, Priya.", "Dana", "Call Priya."),
]
DENIED = [
    ("Set the lease to eight hours. Eight? No, twelve.", "(?i)eight", "Set the lease to twelve hours."),
    ("So that's error 1603. Not 1603, sorry, 1618.", "1603", "So that's error 1618."),
    (
        "You get three strikes. Actually, it's five strikes. Three was before the merger.",
        "(?i)three",
        "You get five strikes.",
    ),
    (
        "That's twelve volts. Hold on. Twenty-four volts, it's the new board.",
        "twelve",
        "That's twenty-four volts",
    ),
    (
        "Our SLA is 99.5 percent. Hold on, that's the old contract. It's 99.9 percent.",
        "99[.]5",
        "Our SLA is 99.9 percent.",
    ),
    (
        "Everyone gets 25 days of leave. Wait, that's the UK. Here it's 20 days.",
        "25",
        "Everyone gets 20 days of leave.",
    ),
    (
        "Change the filter every 500 hours. No, wait, 500 is for the oil. The filter is every 250 hours.",
        "500",
        "Change the filter every 250 hours.",
    ),
    ("The password has 10 characters. Did I say 10? It's 12.", "10", "The password has 12 characters."),
    ("the timeout is thirty no sorry sixty seconds", "thirty", "the timeout is sixty seconds"),
    ("It ships on Tuesday, sorry, Wednesday.", "Tuesday", "It ships on Wednesday."),
    ("Use port 8080... actually 8081, 8080 is the old proxy.", "8080", "Use port 8081."),
]
WORDS = [
    ("Restart the primary, no, sorry, the replica.", "primary", "Restart the replica."),
    ("Stop the service, I mean, disable the service.", "Stop", "disable the service."),
    (
        "The logs are on the web server, sorry, on the database server.",
        "web",
        "The logs are on the database server.",
    ),
    ("Open the left valve, or rather, the right valve.", "left", "Open the right valve."),
]


@pytest.mark.parametrize(
    ("said", "wrong", "meant"), EXPLAINED + NEXT_SENTENCE + AFTERWARDS + FRAMES + DENIED + WORDS
)
def test_the_wrong_value_is_gone_and_the_right_one_takes_its_place(said: str, wrong: str, meant: str) -> None:
    assert meant in resolved("en-US", said)
    assert not re.search(wrong, resolved("en-US", said))
    assert not re.search(wrong, quoted("en-US", said))


@pytest.mark.parametrize(
    ("said", "wrong", "meant"),
    [
        (("The port is 5050.", "You mean 5051?", "Yes, right, 5051."), "5050", "The port is 5051."),
        (("The quota is 20.", "It's 30, isn't it, not 20?", "Thirty, yes."), "20", "The quota is 30."),
        (
            ("The tank holds 400 liters.", "Sorry, it's 450 liters.", "Right."),
            "400",
            "The tank holds 450 liters.",
        ),
        (("Use form 12B.", "It's not 12B, it's 12C.", "Thanks."), "12B", "Use form 12C."),
        (("The fee is 15 dollars.", "Isn't it 18 dollars?", "Yeah, 18."), "15", "The fee is 18 dollars."),
    ],
)
def test_another_speaker_corrects(said: tuple[str, ...], wrong: str, meant: str) -> None:
    assert meant in resolved("en-US", *said)
    assert not re.search(wrong, resolved("en-US", *said))
    assert not re.search(wrong, quoted("en-US", *said))


@pytest.mark.parametrize(
    "said",
    [
        "No, that doesn't fix it.",
        "The default is 30, not 60.",
        "It's not 30, it's 60.",
        "Sorry for the delay, we have 3 topics and 40 minutes.",
        "Wait 30 seconds, then wait 60.",
        "It takes 10 minutes. Actually it's a good idea to stay near it.",
        "Restart it. I mean the server.",
        "There is no wait time.",
        "Rather than 5 use 10.",
        "I use five, I'd rather wait for 10 of them.",
        "The pool was 10, it should be 50 in production.",
        "The first draft says 3 percent and the correction is 5 percent.",
        "I mean 3 of them failed out of 10.",
        "The lock is 10 minutes. And the timeout is 20 minutes, right?",
        "There were 5 errors, no 6 warnings.",
        "Scale it from 5 to 10 pods.",
        "Take 2 or 3 samples.",
        "On Monday it's 5 crates, on Tuesday it's 8 crates.",
        "Delays grow: 1 second. 2 seconds. 4 seconds.",
        "The first pass takes 20 minutes. The second pass takes 30 minutes.",
        "Hold on for 10 seconds, then release.",
        "Hang on to the receipt for 90 days. Returns close after 30 days.",
        "We have 3 racks. Each one has 12 servers.",
        "The retry limit is 5. Make that change before you deploy 6.",
    ],
)
def test_what_is_no_correction_stays(said: str) -> None:
    assert resolved("en-US", said) == said


def test_a_denied_question_replaces_nothing() -> None:
    assert resolved("en-US", "The VLAN is 30.", "Is it 20?", "No, 30.") == "The VLAN is 30."
    assert resolved("en-US", "Is it 20?", "No, 30.") == "Is it 20? No, 30."


def test_every_word_of_a_corrected_utterance_was_spoken() -> None:
    said = "Wait thirty seconds before you reopen the valve, sorry, sixty seconds, and log it."
    (utterance,) = utterances("en-US", said)
    spoken = re.findall(r"\w+", said)
    assert all(word in spoken for word in re.findall(r"\w+", utterance.text))
