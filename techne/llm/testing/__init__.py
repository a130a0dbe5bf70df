"""Parts for tests of code that calls models: providers that follow a script or a plan of faults, and time.

    provider = ScriptedProvider(lambda request: '{"items": []}')
    async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        ...
    assert provider.requests[0].json_schema is not None

`FaultyProvider` fails as a `FaultPlan` says. `FakeClock` lets an executor wait without waiting; code that has
time-outs and timers of its own runs under `run_virtual`, where all time jumps.
"""

from techne.llm.testing.clocks import FakeClock, StalledError, VirtualClock, VirtualTimeLoop, run_virtual
from techne.llm.testing.faults import Fault, FaultKind, FaultPlan, FaultyProvider
from techne.llm.testing.scripted import Gate, Script, ScriptedProvider, Step

__all__ = [
    "FakeClock",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "FaultyProvider",
    "Gate",
    "Script",
    "ScriptedProvider",
    "StalledError",
    "Step",
    "VirtualClock",
    "VirtualTimeLoop",
    "run_virtual",
]
