"""A bot on discord.py that prints what it sees: API's address, gateway's address and token are its arguments."""

import sys

import discord
import yarl

api, gateway, token = sys.argv[1:]
discord.http.Route.BASE = api + "/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)

intents = discord.Intents.none()
intents.guilds = intents.members = intents.presences = True
bot = discord.Client(intents=intents)


def say(text):
    print(text, flush=True)


@bot.event
async def on_ready():
    say(f"ready as {bot.user.name}")
    (guild,) = bot.guilds
    bots = sum(member.bot for member in guild.members)
    online = sum(member.status is not discord.Status.offline for member in guild.members)
    say(f"{guild.member_count} members, {bots} bots, {online} online")
    roles = ", ".join(role.name for role in reversed(guild.owner.roles[1:]))
    say(f"owner {guild.owner.name} with {roles}")
    channels = ", ".join(channel.name for channel in guild.channels)
    threads = ", ".join(thread.name for thread in guild.threads)
    say(f"channels {channels}, threads {threads}")


@bot.event
async def on_member_join(member):
    say(f"joined {member.name}")


@bot.event
async def on_presence_update(before, after):
    if before.status is not after.status:
        say(f"{after.name} is {after.status}")


@bot.event
async def on_resumed():
    say("resumed")


bot.run(token, log_handler=None)
