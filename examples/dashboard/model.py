"""The document of the dashboard as a type: what is asked for, checked, and laid out beforehand."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Harbour", "Metric", "Point", "Ship", "Water"]

METRICS, POINTS, SHIPS = 6, 24, 14  # places that the page reserves before the first token


class Metric(BaseModel):
    """One number of the week."""

    name: str = Field(description="two or three words")
    value: float
    unit: str = Field(description="empty for a plain count")
    change: float = Field(description="against last week, as a fraction: -0.1 is ten per cent less")
    note: str = Field(description="four to six words")


class Point(BaseModel):
    """One reading of the water level."""

    t: str = Field(description="time of day, HH:MM")
    v: float = Field(description="metres, with one decimal")


class Water(BaseModel):
    """The chart: its scale comes before its points, so that the axes need not move."""

    name: str
    unit: str
    low: float = Field(description="the lower end of the axis")
    high: float = Field(description="the upper end of the axis")
    points: list[Point] = Field(max_length=POINTS, description="hourly, from midnight on")


class Ship(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(populate_by_name=True)

    ship: str
    origin: str = Field(alias="from", description="the port that it came from")
    cargo: str
    tonnes: int
    berth: str = Field(description="such as N1")
    status: Literal["expected", "at anchor", "loading", "unloading", "departed"]


class Harbour(BaseModel):
    """A week in a small harbour."""

    title: str
    summary: str = Field(description="two or three sentences")
    metrics: list[Metric] = Field(max_length=METRICS)
    water: Water = Field(title="Tide")
    ships: list[Ship] = Field(max_length=SHIPS)
    note: str = Field(description="two sentences for the harbour master")
