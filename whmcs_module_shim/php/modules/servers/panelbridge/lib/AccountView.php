<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * What the bridge says of an account, for pages: kept for half a minute per visitor, without any secret. Of the
 * password a seal is kept, by which the one WHMCS holds is known to be right or wrong.
 */
final class AccountView
{
    private const LIVES = 30;
    private const FIELDS = [
        'username', 'state', 'expires_at', 'entitled_until', 'plan', 'term', 'package', 'connections', 'panel',
        'account_id', 'known_at',
    ];

    /**
     * @param array<string, string> $fields
     * @param list<string> $verbs what the panel can do; empty where the bridge did not say
     * @param list<string> $suspensions
     * @param array<string, mixed> $lastOperation
     * @param list<mixed> $attention
     * @param list<array{label: string, value: string, secret: bool}> $lines
     */
    private function __construct(
        public readonly bool $reachable,
        public readonly bool $live,
        public readonly bool $signsOn,
        public readonly array $verbs,
        private readonly string $seal,
        private readonly bool $hidesLines,
        public readonly array $fields,
        public readonly array $suspensions,
        public readonly array $lastOperation,
        public readonly string $lastError,
        public readonly array $attention,
        private readonly array $lines,
        private readonly string $password = ''
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
        $secrets = [];
        try {
            $own = ['fresh' => $fresh, 'with_password' => true];
            $answer = $call->send('Account', [], $own, BridgeClient::PAGE_DEADLINE);
            $view = self::read($answer, $call->server);
            $secrets = ['password' => $answer->password(), 'lines' => $answer->connect()];
        } catch (CallError $error) {
            // An answer that refuses (no such service yet) is an answer; only silence is "unreachable".
            $answered = $error->answer !== null && $error->answer->status < 500;
            $view = ['reachable' => $answered, 'lastError' => $error->why];
        }
        Visit::remember($name, ['at' => Wiring::now(), 'view' => $view]);
        return self::from($secrets + $view);
    }

    /** The same for a page that shows secrets: asked anew where what is kept cannot show them. */
    public static function withSecrets(ServiceCall $call): self
    {
        $view = self::of($call);
        $isEnough = !$view->hidesLines && ($view->seal === '' || $view->passwordThatWorks($call) !== '');
        if ($isEnough) {
            return $view;
        }
        self::forget($call->params->serviceId());
        return self::of($call);
    }

    /** The account's password, or '' where the bridge knows none: what WHMCS holds may be another one. */
    public function passwordThatWorks(ServiceCall $call): string
    {
        $stored = $call->params->exact('password');
        return $this->password === '' && $this->seal !== '' && self::sealed($call->server, $stored) === $this->seal
            ? $stored : $this->password;
    }

    /** Whether the bridge told a password and WHMCS holds another one. */
    public function differsFrom(ServiceCall $call): bool
    {
        return $this->seal !== '' && self::sealed($call->server, $call->params->exact('password')) !== $this->seal;
    }

    /** @return list<array{label: string, value: string, secret: bool}> */
    public function connect(): array
    {
        return $this->lines;
    }

    /** A bridge that says nothing of verbs is an older one: then everything is offered, as it was. */
    public function can(string $verb): bool
    {
        return $this->verbs === [] || in_array($verb, $this->verbs, true);
    }

    /** Whether a verb is being worked on: what the page shows may change any moment. */
    public function isUnderWay(string $verb): bool
    {
        return ($this->lastOperation['verb'] ?? '') === $verb
            && in_array($this->lastOperation['state'] ?? '', ['queued', 'ready', 'sent', 'attention'], true);
    }

    private static function sealed(Server $server, string $password): string
    {
        return $password === '' ? '' : $server->seal('password ' . $password);
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
    private static function read(Answer $answer, Server $server): array
    {
        $fields = [];
        foreach (self::FIELDS as $field) {
            $fields[$field] = $answer->of($field);
        }
        return [
            'reachable' => true,
            'live' => ($answer->account['live'] ?? false) === true,
            'signsOn' => ($answer->data['sign_on'] ?? false) === true,
            'verbs' => $answer->texts('verbs'),
            'seal' => self::sealed($server, $answer->password()),
            'hidesLines' => in_array(true, array_column($answer->connect(), 'secret'), true),
            'lines' => array_values(array_filter(
                $answer->connect(),
                static fn (array $line): bool => !$line['secret']
            )),
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
            array_values((array) ($view['verbs'] ?? [])),
            (string) ($view['seal'] ?? ''),
            ($view['hidesLines'] ?? false) === true && !isset($view['password']),
            (array) ($view['fields'] ?? []),
            array_values((array) ($view['suspensions'] ?? [])),
            (array) ($view['lastOperation'] ?? []),
            Text::told((string) ($view['lastError'] ?? '')),
            array_values((array) ($view['attention'] ?? [])),
            array_values((array) ($view['lines'] ?? [])),
            (string) ($view['password'] ?? '')
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
