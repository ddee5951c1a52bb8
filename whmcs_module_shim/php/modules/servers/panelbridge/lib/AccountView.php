<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** What the bridge says of an account, for pages: kept for half a minute per visitor, without any secret. */
final class AccountView
{
    private const LIVES = 30;
    private const FIELDS = [
        'username', 'state', 'expires_at', 'entitled_until', 'plan', 'term', 'package', 'connections', 'panel',
        'account_id', 'known_at',
    ];

    /**
     * @param array<string, string> $fields
     * @param list<string> $suspensions
     * @param array<string, mixed> $lastOperation
     * @param list<mixed> $attention
     */
    private function __construct(
        public readonly bool $reachable,
        public readonly bool $live,
        public readonly bool $signsOn,
        public readonly array $fields,
        public readonly array $suspensions,
        public readonly array $lastOperation,
        public readonly string $lastError,
        public readonly array $attention
    ) {
    }

    /** Never throws: when the bridge gives no answer the view says so. */
    public static function of(ServiceCall $call, bool $fresh = false): self
    {
        $name = 'account ' . $call->params->serviceId();
        $kept = Visit::recall($name);
        if (!$fresh && is_array($kept) && Wiring::now() - (int) ($kept['at'] ?? 0) < self::LIVES) {
            return self::from((array) ($kept['view'] ?? []));
        }
        try {
            $answer = $call->send('Account', [], ['fresh' => $fresh], BridgeClient::PAGE_DEADLINE);
            $view = self::read($answer);
        } catch (CallError $error) {
            // An answer that refuses (no such service yet) is an answer; only silence is "unreachable".
            $answered = $error->answer !== null && $error->answer->status < 500;
            $view = ['reachable' => $answered, 'lastError' => $error->why];
        }
        Visit::remember($name, ['at' => Wiring::now(), 'view' => $view]);
        return self::from($view);
    }

    public static function forget(int $serviceId): void
    {
        Visit::forget('account ' . $serviceId);
    }

    public function says(string $field): string
    {
        return $this->fields[$field] ?? '';
    }

    public function exists(): bool
    {
        return $this->says('username') !== '';
    }

    /** @return array<string, mixed> */
    private static function read(Answer $answer): array
    {
        $fields = [];
        foreach (self::FIELDS as $field) {
            $fields[$field] = $answer->of($field);
        }
        return [
            'reachable' => true,
            'live' => ($answer->account['live'] ?? false) === true,
            'signsOn' => ($answer->data['sign_on'] ?? false) === true,
            'fields' => $fields,
            'suspensions' => self::reasons($answer->account['suspensions'] ?? []),
            'lastOperation' => self::flat($answer->data['last_operation'] ?? []),
            'lastError' => is_string($answer->data['last_error'] ?? null) ? $answer->data['last_error'] : '',
            'attention' => array_map([self::class, 'flat'], (array) ($answer->data['attention'] ?? [])),
        ];
    }

    /** @param array<string, mixed> $view */
    private static function from(array $view): self
    {
        return new self(
            ($view['reachable'] ?? false) === true,
            ($view['live'] ?? false) === true,
            ($view['signsOn'] ?? false) === true,
            (array) ($view['fields'] ?? []),
            array_values((array) ($view['suspensions'] ?? [])),
            (array) ($view['lastOperation'] ?? []),
            Text::told((string) ($view['lastError'] ?? '')),
            array_values((array) ($view['attention'] ?? []))
        );
    }

    /** @return list<string> a suspension is a word, or a map with its reason, owner and note */
    private static function reasons(mixed $suspensions): array
    {
        $reasons = [];
        foreach (is_array($suspensions) ? $suspensions : [] as $suspension) {
            $reason = is_array($suspension) ? ($suspension['reason'] ?? '') : $suspension;
            if (is_string($reason) && $reason !== '') {
                $reasons[] = Text::line($reason);
            }
        }
        return $reasons;
    }

    /** @return array<string, string> the scalar members, as plain lines */
    private static function flat(mixed $map): array
    {
        $plain = [];
        foreach (is_array($map) ? $map : ['text' => $map] as $key => $value) {
            if (is_scalar($value) && !is_bool($value)) {
                $plain[(string) $key] = Text::told((string) $value);
            }
        }
        return $plain;
    }
}
