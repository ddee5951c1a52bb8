<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/**
 * A small table of our own: what was acknowledged, what is to be tried again and when, which alerts were shown, which
 * calls have no answer yet. Losing it doubles nothing: the bridge knows its keys. Only calls it never got are lost.
 */
final class Notebook
{
    public const TABLE = 'mod_panelbridge_notes';
    private const LONGEST_PAUSE = 86400;

    private static bool $exists = false;

    public static function exists(): bool
    {
        return self::$exists = self::$exists || Capsule::schema()->hasTable(self::TABLE);
    }

    /** Makes the table, unless a transaction is open: MySQL would commit it behind WHMCS's back. */
    public static function prepare(): bool
    {
        if (self::exists()) {
            return true;
        }
        if (Capsule::connection()->transactionLevel() > 0 || Capsule::connection()->getPdo()->inTransaction()) {
            return false;
        }
        Capsule::schema()->create(self::TABLE, static function ($table): void {
            $table->increments('id');
            $table->string('kind', 16);
            $table->unsignedBigInteger('number')->default(0);
            $table->string('word', 64)->default('');
            $table->boolean('settled')->default(false);
            $table->unsignedInteger('tries')->default(0);
            $table->unsignedBigInteger('next_at')->default(0);
            $table->text('text')->nullable();
            $table->unique(['kind', 'number', 'word'], 'mod_panelbridge_note');
        });
        return self::exists();
    }

    public static function settle(string $kind, int $number, string $word = ''): void
    {
        self::write($kind, $number, $word, ['settled' => 1]);
    }

    /** Counts a failed try and pauses: 5 minutes, doubling, at most a day. Tells how many there were. */
    public static function postpone(string $kind, int $number, string $word = ''): int
    {
        $row = self::row($kind, $number, $word);
        $tries = 1 + ($row === null ? 0 : (int) $row->tries);
        $pause = min(self::LONGEST_PAUSE, 300 * 2 ** min($tries - 1, 12));
        self::write($kind, $number, $word, ['tries' => $tries, 'next_at' => Wiring::now() + $pause]);
        return $tries;
    }

    /** @return bool true the first time within a span of seconds */
    public static function firstWithin(int $seconds, string $kind, string $word): bool
    {
        if (!self::prepare()) {
            return true;
        }
        $row = self::row($kind, 0, $word);
        if ($row !== null && (int) $row->next_at > Wiring::now()) {
            return false;
        }
        self::write($kind, 0, $word, ['next_at' => Wiring::now() + $seconds]);
        return true;
    }

    public static function keep(string $kind, string $word, string $text): void
    {
        self::write($kind, 0, $word, ['text' => $text]);
    }

    /** @return array<string, string> unsettled texts of a kind, by their word */
    public static function kept(string $kind, int $limit): array
    {
        if (!self::exists()) {
            return [];
        }
        $rows = Capsule::table(self::TABLE)->where('kind', $kind)->where('settled', 0)
            ->where('next_at', '<=', Wiring::now())->orderBy('id')->limit($limit)->get();
        $texts = [];
        foreach ($rows as $row) {
            $texts[(string) $row->word] = (string) $row->text;
        }
        return $texts;
    }

    public static function drop(string $kind, string $word): void
    {
        Capsule::table(self::TABLE)->where('kind', $kind)->where('number', 0)->where('word', $word)->delete();
    }

    /** Writes it anew, as the latest of its kind. */
    public static function begin(string $kind, int $number, string $word, string $text): void
    {
        self::remove($kind, $number, $word);
        self::write($kind, $number, $word, ['text' => $text]);
    }

    public static function change(string $kind, int $number, string $word, string $text): void
    {
        if (self::row($kind, $number, $word) !== null) {
            self::write($kind, $number, $word, ['text' => $text]);
        }
    }

    public static function remove(string $kind, int $number, string $word = ''): void
    {
        if (self::exists()) {
            $key = ['kind' => $kind, 'number' => $number, 'word' => $word];
            Capsule::table(self::TABLE)->where($key)->delete();
        }
    }

    /** Of the words that begin so only one is kept: what it stands for changes one into the other. */
    public static function forgetOthers(string $kind, string $begin, string $but): void
    {
        if (self::exists()) {
            Capsule::table(self::TABLE)->where('kind', $kind)->where('word', 'like', $begin . '%')
                ->where('word', '!=', $but)->delete();
        }
    }

    /** @return list<object> rows of a kind, oldest first: of one number, or of all */
    public static function rows(string $kind, int $number = 0): array
    {
        if (!self::exists()) {
            return [];
        }
        $rows = Capsule::table(self::TABLE)->where('kind', $kind)->orderBy('id');
        return ($number === 0 ? $rows : $rows->where('number', $number))->get()->all();
    }

    private static function row(string $kind, int $number, string $word): ?object
    {
        if (!self::exists()) {
            return null;
        }
        $key = ['kind' => $kind, 'number' => $number, 'word' => $word];
        return Capsule::table(self::TABLE)->where($key)->first();
    }

    /** @param array<string, int|string> $columns */
    private static function write(string $kind, int $number, string $word, array $columns): void
    {
        if (self::prepare()) {
            $key = ['kind' => $kind, 'number' => $number, 'word' => $word];
            Capsule::table(self::TABLE)->updateOrInsert($key, $columns);
        }
    }
}
